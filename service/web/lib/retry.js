// Retries reads until the service answers, since it may be starting or overloaded. Dispatches "unanswered" on the document, with
// the error as its detail, and "answered" when the service answers again.
import { ApiError } from "/static/lib/api-error.js";

const RETRY_MS = 2000;
const LATER = [429, 502, 503, 504];
const MOST_TRIES = 5; // for an overloaded service; an unreachable one is retried without limit
let told = false; // true between "unanswered" and "answered"

/**
 * The result of `attempt()` after as many retries as needed. Throws an error that a retry cannot resolve.
 * @template Answer
 * @param {() => Promise<Answer>} attempt
 * @param {AbortSignal} [signal]
 */
export async function persist(attempt, signal) {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await attempt();
      tellItIsOver();
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError && isWorthAskingAgain(error, tries))) {
        tellItIsOver();
        throw error;
      }
      told = true;
      document.dispatchEvent(new CustomEvent("unanswered", { detail: error }));
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
      if (!signal?.aborted) continue;
      tellItIsOver(); // the caller has aborted
      throw signal.reason;
    }
  }
}

/**
 * @param {ApiError} error
 * @param {number} tries
 */
const isWorthAskingAgain = ({ unreachable, status }, tries) => unreachable || (LATER.includes(status) && tries < MOST_TRIES);

function tellItIsOver() {
  if (!told) return;
  told = false;
  document.dispatchEvent(new Event("answered"));
}
