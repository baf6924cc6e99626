mod supervision;

fn x() {}
