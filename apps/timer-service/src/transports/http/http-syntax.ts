/** Parts of regular expressions for the grammar of RFC 9110. Neither matches a line break. */

/** `token`, section 5.6.2: names. */
export const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/.source;
/** `field-value`, section 5.5, also empty or with blanks around it: values, and reason phrases. */
export const FIELD_VALUE = /[\t\x20-\x7e\x80-\xff]*/.source;
