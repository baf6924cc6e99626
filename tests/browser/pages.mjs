// Every page, in one place. `main` is what people come for: it must be there. `at` gives the address in a furnished world;
// `furnished` marks pages of a thing that an empty world does not have.

const all = [
  { name: "dashboard", at: () => "/", main: "main .card" },
  { name: "drives", at: () => "/drives", main: "main a[href^='/drives/']" },
  { name: "drive", at: ({ drive }) => `/drives/${drive}`, main: "main button", furnished: true },
  { name: "jobs", at: () => "/jobs", main: "main form" },
  { name: "jobs-filtered", at: () => "/jobs?status=completed&q=holidays", main: "main form" },
  { name: "job-running", at: ({ running }) => `/jobs/${running}`, main: "main progress", furnished: true },
  { name: "job-asking", at: ({ asking }) => `/jobs/${asking}`, main: "main button", furnished: true },
  { name: "job-damaged", at: ({ damaged }) => `/jobs/${damaged}`, main: "main h1", furnished: true },
  { name: "job-complete", at: ({ complete }) => `/jobs/${complete}`, main: "main h1", furnished: true },
  { name: "new-job", at: ({ drive }) => `/jobs/new?drive=${drive}`, main: "main form", furnished: true },
  { name: "library", at: () => "/library", main: "main form" },
  { name: "library-list", at: () => "/library?view=list&sort=-size", main: "main form" },
  { name: "trash", at: () => "/library?trash=1", main: "main h1" },
  { name: "batches", at: () => "/batches", main: "main a[href='/batches/new']" },
  { name: "batch-new", at: () => "/batches/new", main: "main form" },
  { name: "batch", at: ({ batch }) => `/batches/${batch}`, main: "main h1", furnished: true },
  { name: "batch-labels", at: ({ batch }) => `/batches/${batch}/labels`, main: "main h1", furnished: true },
  { name: "image", at: ({ image }) => `/library/${image}`, main: "main a[href$='/download']", furnished: true },
  { name: "image-damaged", at: ({ damagedImage }) => `/library/${damagedImage}`, main: "main a[href$='/download']", furnished: true },
  { name: "system", at: () => "/system", main: "main h1" },
  { name: "logs", at: () => "/system/logs", main: "main form" },
  { name: "service-log", at: () => "/system/logs/service", main: "main h1" },
  { name: "doctor", at: () => "/system/doctor", main: "main h1" },
  { name: "diagnostics", at: () => "/system/diagnostics", main: "main h1" },
  { name: "settings", at: () => "/settings", main: "main form" },
  { name: "welcome", at: () => "/settings/welcome", main: "main h1" },
  { name: "search", at: () => "/search?q=a", main: "main h2", furnished: true },
  { name: "search-empty", at: () => "/search", main: "main .empty" },
  { name: "not-found", at: () => "/nowhere", main: "main a.btn-primary", status: 404 },
];

/** While working on one page: ONLY=jobs,job. */
const only = process.env["ONLY"]?.split(",");
export const pages = all.filter(({ name }) => only === undefined || only.some((start) => name.startsWith(start)));

/** Words of one language that must not be in a page of the other. */
export const foreign = {
  en: ["Übersicht", "Laufwerke", "Aufgaben", "Bibliothek", "Einstellungen", "Alles finden", "Zum Inhalt springen", "Abbild", "Herunterladen", "Abbrechen"],
  de: ["Dashboard", "Drives", "Jobs", "Library", "Settings", "Find anything", "Skip to the content", "Empty", "Ready", "Image this disc", "Not possible", "Download", "Cancel", "Settings"],
};
