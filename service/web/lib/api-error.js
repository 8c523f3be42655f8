/** What went wrong with a request, fit to be shown: problem+json's title, detail and errors, or `unreachable`. */
export class ApiError extends Error {
  /** @param {{status?: number, title?: string, detail?: string, errors?: Api.FieldError[], unreachable?: boolean}} problem */
  constructor({ status = 0, title = "", detail = "", errors = [], unreachable = false }) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.unreachable = unreachable;
  }
}

/**
 * What is wrong with each field, where the service has said so.
 * @param {unknown} error
 */
export const errorsOf = (error) => (error instanceof ApiError ? error.errors : []);
