/**
 * The shape of one registered error. Texts are templates: `{name}` is replaced by `details.name`.
 * Messages are lower case and say what failed with the values; hints are full sentences that say
 * what to do next. Both exist in English and French, or it does not compile.
 */

/** One error's text in one language. */
export type ErrorText = { readonly message: string; readonly hint: string };

/** One registered error. `retryable`: the same call may succeed later without any change. */
export type ErrorEntry = {
  readonly en: ErrorText;
  readonly fr: ErrorText;
  readonly retryable?: true;
};

/** A group of errors: the code is the key. */
export type ErrorGroup = Readonly<Record<string, ErrorEntry>>;
