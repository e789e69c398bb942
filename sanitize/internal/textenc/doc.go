// Package textenc knows the encodings that Japanese text files come in: it recognises them, splits text into
// characters, and writes characters back in the same encoding. Every format that is text at heart uses it.
//
//	bytes ──► Sniff / Detect ──► Encoding ──► Decoder ──► Char, Char, Char … ──► Encoder ──► bytes
//
// "Decoded and encoded again" means here: the bytes are read as a sequence of characters by the grammar of their
// encoding, and each character that is kept is written by that grammar. Nothing is copied that is not a character.
// Where an encoding has several codes for one character (the NEC and IBM duplicates of CP932) the code is kept, and so
// are codes without a character of their own: gaiji, and the cells that only some vendors fill. Text that holds
// nothing to drop comes out byte for byte as it went in; the one exception is ISO-2022-JP, whose designations
// are written anew where the character set changes.
package textenc
