/** The error of a request: title, detail and errors of its problem+json, or `unreachable`. */
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
 * The field errors of an answer; empty for any other error.
 * @param {unknown} error
 */
export const errorsOf = (error) => (error instanceof ApiError ? error.errors : []);
