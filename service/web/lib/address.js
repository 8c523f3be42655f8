// What an address names.

/** Percent-encoded text decoded; text whose encoding is broken as it stands: it names nothing, and the service says so. */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
