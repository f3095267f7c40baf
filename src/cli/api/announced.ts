import {
  type Announcement,
  DamagedAnnouncement,
  dataDirectory,
  readAnnouncement,
} from "#control/data-directory.ts";
import { CliError } from "../cli-error.ts";

/** What the control plane of this data directory says of itself; undefined without one. Throws CliError `failed`. */
export function announced(dataDir: string): Announcement | undefined {
  try {
    return readAnnouncement(dataDirectory(dataDir));
  } catch (cause) {
    const isDamaged = cause instanceof DamagedAnnouncement;
    const { message } = cause as Error;
    throw new CliError(
      "failed",
      message,
      isDamaged ? `start the control plane again: weft dev --data-dir ${dataDir}` : undefined,
      cause,
    );
  }
}
