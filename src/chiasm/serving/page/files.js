// Which of the chosen files a cell means: the one of its name, of several the one in its folder.

const parts = (path) => path.split(/[\\/]+/).filter((part) => part && part !== ".");
const last = (path) => parts(path).at(-1);

export function chosenFiles(files, cells) {
  const byName = grouped(files);
  const meant = new Map();
  for (const cell of cells) meant.set(last(cell), (meant.get(last(cell)) ?? new Set()).add(parts(cell).join("/")));
  return (cell) => {
    const name = last(cell);
    const found = byName.get(name) ?? [];
    if (!found.length) return { problem: `${cell} is not among the chosen files.` };
    if (found.length === 1 && meant.get(name).size === 1) return { file: found[0] };
    const fitting = found.filter((file) => endsAlike(parts(file.webkitRelativePath), parts(cell)));
    if (fitting.length === 1) return { file: fitting[0] };
    return { problem: `${cell} may be any of several files called ${name}. Choose the folder that holds them all.` };
  };
}

function grouped(files) {
  const byName = new Map();
  for (const file of files) byName.set(file.name, [...(byName.get(file.name) ?? []), file]);
  return byName;
}

// The path from the chosen folder on, or from within it, against the one of the cell.
function endsAlike(chosen, named) {
  return chosen.length >= named.length && named.every((part, i) => part === chosen.at(i - named.length));
}
