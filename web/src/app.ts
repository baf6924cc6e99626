/** What every page has. Everything else is loaded by the pages that need it. */

import { localise } from "./dates";
import * as enhance from "./enhance";
import * as live from "./live";
import { attachModules } from "./modules";
import * as shell from "./shell";

document.documentElement.classList.add("js");
localise(document);
enhance.start();
attachModules();
// Nobody is signed in on a page without a frame, so there is nothing to hear.
if (document.body.hasAttribute("data-signed-in")) {
  live.start();
  shell.start();
}
