// A reader of CSV (RFC 4180), independent of the console's writer.

/** The records of a file, each an object from column name to field. */
export function readCsv(file) {
  if (!file.startsWith('\ufeff')) throw new Error('no byte order mark: Excel would take it for a Windows code page');
  const text = file.slice(1);
  const records = [[]];
  let field = '';
  let at = 0;
  let quoted = false;
  const end = () => {
    records.at(-1).push(field);
    field = '';
  };
  while (at < text.length) {
    const char = text[at];
    if (quoted && char === '"' && text[at + 1] === '"') {
      field += '"';
      at += 1;
    } else if (char === '"') {
      quoted = !quoted;
    } else if (!quoted && char === ',') {
      end();
    } else if (!quoted && text.startsWith('\r\n', at)) {
      end();
      records.push([]);
      at += 1;
    } else {
      field += char;
    }
    at += 1;
  }
  if (quoted) throw new Error('a quoted field does not end');
  if (records.at(-1).length > 0 || field !== '') throw new Error('the last record has no line end');
  const [names, ...rows] = records.slice(0, -1);
  for (const row of rows) {
    if (row.length !== names.length) throw new Error(`a record of ${row.length} fields among ${names.length}`);
  }
  return rows.map((row) => Object.fromEntries(names.map((name, n) => [name, row[n]])));
}
