/** What outlier detection remembers of one host. Fields change in place: this is touched once per response. */
export class Ejection {
  consecutive5xx = 0;
  consecutiveGatewayErrors = 0;
  consecutiveLocalFailures = 0;
  isEjected = false;
  /** Monotonic milliseconds; meaningful while ejected. */
  ejectedAtMs = 0;
  /** How often, fading by one per interval in service: each time multiplies the next ejection. */
  times = 0;
}
