// The activity log as a table other programs read: the same columns as `countertop activity`.
import type { ActivityRow } from '../shared/shapes';

const HEADINGS = 'position,time,business_date,register,person,approved_by,what,about,amount_minor,reason,training';

/** A cell that no spreadsheet takes for a formula, quoted where it must be. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Local time with its offset, such as 2026-11-25T09:30:00+01:00. */
function localTime(row: ActivityRow): string {
  const minutes = Math.trunc(Math.abs(row.utc_offset_s) / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  const offset = `${row.utc_offset_s < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
  const local = Math.trunc(row.at_ns / 1e9) * 1000 + row.utc_offset_s * 1000;
  return new Date(local).toISOString().slice(0, 19) + offset;
}

/** CSV of `rows` in their order, with a line of headings. */
export function tableOf(rows: ActivityRow[]): string {
  const lines = rows.map((row) =>
    [
      String(row.position),
      localTime(row),
      row.business_date,
      cell(row.register),
      cell(row.operator),
      cell(row.approver),
      row.fact,
      cell(row.subject),
      row.amount_minor === null ? '' : String(row.amount_minor),
      cell(row.reason),
      row.training ? 'yes' : 'no',
    ].join(','),
  );
  return [HEADINGS, ...lines, ''].join('\n');
}
