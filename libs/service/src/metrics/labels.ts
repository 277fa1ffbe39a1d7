/** Labels of a sample; only from small closed sets, never ids. */
export type Labels = Readonly<Record<string, string | number>>;
