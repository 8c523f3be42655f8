// The features and the target that a reader selects among the columns of a dataset. A category has a feature for each text but the
// first, which the intercept stands for.

const MOST_TEXTS = 20;

/**
 * The features of a column as a whole; none for a column of too many texts.
 * @param {Api.Column} column
 */
export function featuresOf({ name, categories }) {
  if (!categories) return [name];
  return categories.length > MOST_TEXTS ? [] : (categories.length > 1 ? categories.slice(1) : categories).map((text) => `${name}=${text}`);
}

/**
 * True if the feature is the column, or one of its texts.
 * @param {string} feature
 * @param {Api.Column} column
 */
export function isOf(feature, { name, categories }) {
  return categories ? categories.some((text) => feature === `${name}=${text}`) : feature === name;
}

/**
 * The selection with a column as a feature, or without it.
 * @param {Page.Selection} selection
 * @param {Api.Column} column
 * @returns {Page.Selection}
 */
export function toggled({ features, target }, column) {
  const others = features.filter((feature) => !isOf(feature, column));
  return { features: others.length < features.length ? others : [...features, ...featuresOf(column)], target };
}

/**
 * The selection with another target, whose place among the features the former one takes.
 * @param {Page.Selection} selection
 * @param {readonly Api.Column[]} columns
 * @param {string} target
 * @returns {Page.Selection}
 */
export function withTarget(selection, columns, target) {
  const [former, wanted] = [selection.target, target].map((name) => columns.find((column) => column.name === name));
  const features = selection.features.filter((feature) => !wanted || !isOf(feature, wanted));
  const freed = former && former !== wanted && features.length < selection.features.length ? featuresOf(former) : [];
  return { features: [...features, ...freed], target };
}

/**
 * What the request says: nothing for the default choice of the dataset.
 * @param {Page.Selection} selection
 * @param {Page.Selection} dataset
 * @returns {Partial<Page.Selection>}
 */
export function stated({ features, target }, dataset) {
  const isSame = target === dataset.target && features.length === dataset.features.length && features.every((name) => dataset.features.includes(name));
  return isSame ? {} : { features, target };
}
