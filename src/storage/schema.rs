//! The tables as Diesel sees them: one description for both databases. A test compares the databases with each
//! other, and the round trips of every record compare both with this.

diesel::table! {
    jobs (id) {
        number -> BigInt,
        id -> Text,
        kind -> Text,
        mode -> Text,
        origin -> Text,
        options -> Text,
        priority -> BigInt,
        device -> Text,
        drive_id -> Nullable<Text>,
        media_session -> Nullable<BigInt>,
        medium -> Nullable<Text>,
        fingerprint -> Nullable<Text>,
        disk_label -> Text,
        disk_type -> Text,
        iso_id -> Nullable<Text>,
        requested_name -> Nullable<Text>,
        output_dir -> Text,
        output_path -> Nullable<Text>,
        status -> Text,
        phase -> Nullable<Text>,
        reason -> Nullable<Text>,
        stopping -> Nullable<Text>,
        verdict -> Nullable<Text>,
        message -> Nullable<Text>,
        error_code -> Nullable<Text>,
        attempts -> BigInt,
        size_total -> BigInt,
        size_processed -> BigInt,
        speed -> Double,
        error_count -> BigInt,
        md5 -> Nullable<Text>,
        sha256 -> Nullable<Text>,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        completed_at -> Nullable<Timestamp>,
        updated_at -> Timestamp,
        revision -> BigInt,
        label_key -> Text,
        search -> Text,
        decision -> Nullable<Text>,
        result -> Nullable<Text>,
        position -> BigInt,
        deleted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    isos (id) {
        number -> BigInt,
        id -> Text,
        job_id -> Nullable<Text>,
        filename -> Text,
        filepath -> Text,
        map_path -> Nullable<Text>,
        size -> BigInt,
        md5sum -> Nullable<Text>,
        sha256sum -> Nullable<Text>,
        disk_type -> Text,
        disk_label -> Text,
        fingerprint -> Nullable<Text>,
        medium -> Nullable<Text>,
        verdict -> Text,
        reasons -> Text,
        bad_sectors -> BigInt,
        created_at -> Timestamp,
        verified_at -> Nullable<Timestamp>,
        verify_ok -> Nullable<Bool>,
        label_key -> Text,
        search -> Text,
        mode -> Text,
        details -> Text,
        provenance -> Text,
        sidecars -> Bool,
    }
}

diesel::table! {
    drives (id) {
        id -> Text,
        kind -> Text,
        path -> Text,
        name -> Text,
        identity -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        job_id -> Nullable<Text>,
        verdict -> Nullable<Text>,
        session -> BigInt,
        fingerprint -> Nullable<Text>,
        insertion -> Nullable<BigInt>,
        offered -> Bool,
        medium -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    media (fingerprint) {
        fingerprint -> Text,
        label -> Text,
        kind -> Text,
        profile -> BigInt,
        sectors -> BigInt,
        first_seen -> Timestamp,
        last_seen -> Timestamp,
        times_seen -> BigInt,
        last_drive -> Nullable<Text>,
    }
}

diesel::table! {
    events (seq) {
        seq -> BigInt,
        at -> Timestamp,
        node -> Text,
        kind -> Text,
        level -> Text,
        drive_id -> Nullable<Text>,
        job_id -> Nullable<Text>,
        iso_id -> Nullable<Text>,
        message -> Text,
        payload -> Text,
    }
}

diesel::table! {
    settings (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    drive_settings (drive_id) {
        drive_id -> Text,
        settings -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    drive_statistics (drive_id) {
        drive_id -> Text,
        jobs -> BigInt,
        complete -> BigInt,
        complete_trimmed -> BigInt,
        degraded -> BigInt,
        incomplete -> BigInt,
        failed -> BigInt,
        sectors -> BigInt,
        recovered -> BigInt,
        unreadable -> BigInt,
        resets -> BigInt,
        wedged -> BigInt,
        seconds -> Double,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    drive_zones (drive_id, class, zone) {
        drive_id -> Text,
        class -> Text,
        zone -> BigInt,
        sectors -> BigInt,
        seconds -> Double,
        bad -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        name -> Text,
        name_key -> Text,
        role -> Text,
        password -> Nullable<Text>,
        totp -> Nullable<Text>,
        totp_step -> BigInt,
        recovery -> Text,
        stamp -> Text,
        language -> Nullable<Text>,
        blocked -> Bool,
        failures -> BigInt,
        locked_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        seen_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        secret -> Text,
        previous -> Nullable<Text>,
        rotated_at -> Timestamp,
        csrf -> Text,
        created_at -> Timestamp,
        seen_at -> Timestamp,
        expires_at -> Timestamp,
        address -> Text,
        agent -> Text,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        user_id -> Text,
        name -> Text,
        secret -> Text,
        scope -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    links (secret) {
        secret -> Text,
        user_id -> Nullable<Text>,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    batches (id) {
        id -> Text,
        active -> Bool,
        document -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}
