// CSV as RFC 4180 writes it, with commas, semicolons or tabs.

export function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("The file is not in UTF-8. Save it as “CSV UTF-8” and choose it again.");
  }
}

export function parse(text) {
  const head = text.slice(0, text.search(/[\r\n]|$/));
  const mark = [",", ";", "\t"].reduce((best, next) =>
    head.split(next).length > head.split(best).length ? next : best,
  );
  const rows = [];
  let row = [];
  let field = "";
  let quoted = false;
  const endRow = () => {
    row.push(field);
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
    field = "";
  };
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[i + 1] === '"') {
        field += '"';
        i += 1;
      } else quoted = false;
    } else if (letter === '"' && field === "") quoted = true;
    else if (letter === mark) {
      row.push(field);
      field = "";
    } else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && text[i + 1] === "\n") i += 1;
      endRow();
    } else field += letter;
  }
  if (quoted) throw new Error("The file ends inside a quoted cell. Check its quotation marks.");
  if (field !== "" || row.length) endRow();
  if (rows.length < 2) throw new Error("The file has no rows below its head.");
  return { head: rows[0], rows: rows.slice(1), mark };
}

export function write(rows, mark) {
  const quote = (cell) => (/["\r\n]/.test(cell) || cell.includes(mark) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => row.map((cell) => quote(String(cell))).join(mark)).join("\r\n") + "\r\n";
}

// A cell that a spreadsheet would run, with a sign in front that has it shown instead.
export function shown(cell) {
  const text = String(cell);
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.,]+(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
}
