// Every page, in one place. `main` is what people come for: it must be there. `at` gives the address in a furnished world.

export const pages = [
  { name: "dashboard", at: () => "/", main: "main .card" },
  { name: "search", at: () => "/search?q=a", main: "main h2" },
  { name: "search-empty", at: () => "/search", main: "main .empty" },
  { name: "not-found", at: () => "/nowhere", main: "main a.btn-primary", status: 404 },
];

/** Words of the navigation that must not be in a page of the other language. */
export const foreign = {
  en: ["Übersicht", "Laufwerke", "Aufgaben", "Bibliothek", "Einstellungen", "Alles finden", "Zum Inhalt springen"],
  de: ["Dashboard", "Drives", "Jobs", "Library", "Settings", "Find anything", "Skip to the content", "Empty", "Ready", "Image this disc", "Not possible"],
};
