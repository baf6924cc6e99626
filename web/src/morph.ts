/**
 * Makes one part of the page like another by changing only what differs, so that focus, selection, scroll position, what is being
 * typed, open details and what modules have drawn stay as they are. `data-keep` on an element leaves its content alone.
 */

/** What tells whether two elements are the same thing. */
function key(node: Node): string | null {
  if (!(node instanceof Element)) return null;
  const own = node.id || node.getAttribute("data-key");
  return own ? `${node.tagName} ${own}` : null;
}

function alike(a: Node, b: Node): boolean {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);
}

/** Attributes that people or the browser change, and that the server does not know. */
function isTheirs(element: Element, name: string): boolean {
  if (name === "data-keep") return true;
  return name === "open" && (element instanceof HTMLDetailsElement || element instanceof HTMLDialogElement);
}

function attributes(from: Element, to: Element): void {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !isTheirs(from, name) && name !== "style") from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (!isTheirs(from, name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

/** Fields keep what was typed or ticked; others follow the server. */
function field(from: Element, to: Element): boolean {
  if (from instanceof HTMLInputElement && to instanceof HTMLInputElement) {
    const box = from.type === "checkbox" || from.type === "radio";
    const touched = from === document.activeElement || (box ? from.checked !== from.defaultChecked : from.value !== from.defaultValue);
    attributes(from, to);
    if (!touched && box) from.checked = to.defaultChecked;
    else if (!touched && from.type !== "file") from.value = to.defaultValue;
    return true;
  }
  if (from instanceof HTMLTextAreaElement && to instanceof HTMLTextAreaElement) {
    const touched = from === document.activeElement || from.value !== from.defaultValue;
    attributes(from, to);
    if (!touched) {
      from.defaultValue = to.defaultValue;
      from.value = to.defaultValue;
    }
    return true;
  }
  if (from instanceof HTMLSelectElement) {
    const touched = from === document.activeElement || [...from.options].some((option) => option.selected !== option.defaultSelected);
    const plain = [...from.options].every((option) => !option.defaultSelected);
    return touched && !(plain && from.selectedIndex <= 0 && from !== document.activeElement);
  }
  return false;
}

/** Makes `from` like `to`. */
export function morph(from: Element, to: Element): void {
  if (from.isEqualNode(to)) return;
  if (field(from, to)) return;
  const kept = from.hasAttribute("data-keep");
  // A script has its hands on it at the moment.
  if (kept && !to.hasAttribute("data-keep")) return;
  attributes(from, to);
  if (!kept) children(from, to);
}

function children(from: Element, to: Element): void {
  const keyed = new Map<string, Element>();
  for (const child of from.children) {
    const own = key(child);
    if (own !== null) keyed.set(own, child);
  }
  const wanted = new Set([...to.children].map(key));
  let at: ChildNode | null = from.firstChild;
  for (const fresh of [...to.childNodes]) {
    const own = key(fresh);
    let match: ChildNode | null = null;
    if (own !== null) {
      match = keyed.get(own) ?? null;
    } else {
      // The next one of the same sort; what has a key and is still wanted is passed over.
      let candidate = at;
      while (candidate !== null && !alike(candidate, fresh)) {
        const theirs = key(candidate);
        if (theirs === null || wanted.has(theirs)) break;
        candidate = candidate.nextSibling;
      }
      if (candidate !== null && alike(candidate, fresh)) match = candidate;
    }
    if (match === null) {
      from.insertBefore(document.importNode(fresh, true), at);
      continue;
    }
    if (match === at) {
      at = at.nextSibling;
    } else if (match.contains(document.activeElement)) {
      // Moving an element takes its focus away; what is before it goes instead.
      while (at !== null && at !== match) {
        const gone: ChildNode = at;
        at = at.nextSibling;
        const theirs = key(gone);
        if (theirs !== null && wanted.has(theirs)) match.after(gone);
        else gone.remove();
      }
      at = match.nextSibling;
    } else {
      from.insertBefore(match, at);
    }
    if (match instanceof Element && fresh instanceof Element) morph(match, fresh);
    else if (match.nodeValue !== fresh.nodeValue) match.nodeValue = fresh.nodeValue;
  }
  while (at !== null) {
    const gone: ChildNode = at;
    at = at.nextSibling;
    gone.remove();
  }
}
