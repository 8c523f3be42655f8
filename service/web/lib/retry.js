// What is only read is asked for again until there is an answer: the service may be starting, or have too much to do for the
// moment. The document hears "unanswered", whose detail is the error, and "answered" once that is over.
import { ApiError } from "/static/lib/api-error.js";

const RETRY_MS = 2000;
const LATER = [429, 502, 503, 504];
const MOST_TRIES = 5; // of what is put off; who does not answer at all is asked for as long as it takes
let told = false; // of what is not over yet

/**
 * What `attempt()` comes to, however long that takes; an error that asking again would not mend is thrown.
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
      tellItIsOver(); // nobody waits for it any more
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
