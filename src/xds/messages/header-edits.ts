import { type HeaderEdits, noHeaderEdits } from "#config/route.ts";
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOption,
} from "./generated/envoy/config/core/v3/base.ts";

/** Envoy removes first and then adds in order, as we do: remove, set, add. */
export function toHeadersToAdd({ set, add }: HeaderEdits): HeaderValueOption[] {
  return [
    ...set.map((header) => toOption(header, AppendAction.OVERWRITE_IF_EXISTS_OR_ADD)),
    ...add.map((header) => toOption(header, AppendAction.APPEND_IF_EXISTS_OR_ADD)),
  ];
}

export function fromHeadersToAdd(
  options: readonly HeaderValueOption[],
  remove: readonly string[],
): HeaderEdits {
  if (options.length === 0 && remove.length === 0) return noHeaderEdits; // nearly all, four times for each route
  const pairs = (action: AppendAction): (readonly [string, string])[] =>
    options
      .filter((option) => option.appendAction === action)
      .map(({ header }) => [header?.key ?? "", fromFormat(header?.value ?? "")]);
  return {
    set: pairs(AppendAction.OVERWRITE_IF_EXISTS_OR_ADD),
    add: pairs(AppendAction.APPEND_IF_EXISTS_OR_ADD),
    remove,
  };
}

function toOption(
  [key, value]: readonly [string, string],
  appendAction: AppendAction,
): HeaderValueOption {
  return {
    header: { key, value: toFormat(value), rawValue: new Uint8Array(0) },
    append: undefined,
    appendAction,
    keepEmptyValue: value === "",
  };
}

// Envoy expands `%COMMAND%` in these values; ours are literal, so every percent sign is doubled. A single one that
// arrives survives reading, is doubled again for the comparison, and so is reported as different.
const toFormat = (value: string): string => value.replaceAll("%", "%%");
const fromFormat = (value: string): string => value.replaceAll("%%", "%");
