// Answers whether node_modules is what the lock file says, by content: times lie after a clone, a copy or a branch change.
import fs from "node:fs";
import path from "node:path";

/** Looks a package up as Node would: here, then in every parent (an installed package's dependencies are hoisted). */
export function packageFinder(root) {
  return (name) => {
    for (let folder = root; ; folder = path.dirname(folder)) {
      const found = path.join(folder, "node_modules", name);
      if (fs.existsSync(path.join(found, "package.json"))) return found;
      if (folder === path.dirname(folder)) return undefined;
    }
  };
}

/** True when every package of the lock file is there in its locked version; other platforms' packages may be absent. */
export function packagesAreInstalled(root) {
  const wanted = lockedPackages(path.join(root, "package-lock.json"));
  const present = lockedPackages(path.join(root, "node_modules/.package-lock.json"));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === "") return true;
    const installed = present[place];
    if (installed === undefined) return entry.optional === true;
    return (
      installed.version === entry.version &&
      installed.integrity === entry.integrity &&
      fs.existsSync(path.join(root, place, "package.json"))
    );
  });
}

/** npm writes the inner lock file last, so a half-done install has none. */
function lockedPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}
