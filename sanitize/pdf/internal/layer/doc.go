// Package layer makes the invisible text of pages that are pictures: each character stands where the picture shows it,
// so that search, selection, copying and screen readers work as on the page it was drawn from.
//
// The text is written in render mode 3 (ISO 32000-2 9.3.6) with a font of one empty glyph. The codes of the font are
// pairs of a character and its width, numbered as they are met; its ToUnicode CMap gives the characters back. Lines that
// run down the page are written in the same font in vertical mode.
package layer
