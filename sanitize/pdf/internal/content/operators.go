package content

// operands says which operands an operator takes, from left to right: n a number, / a name, s a string, a an array of
// numbers and strings, p a property list (a name or a dictionary), N any count of numbers and then perhaps a name.
// The operators are those of ISO 32000-2 Annex A; those of inline images are dealt with apart. The second result is
// false for a word that is no operator.
func operands(word []byte) (string, bool) {
	switch string(word) {
	case "q", "Q", "h", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "n", "W", "W*", "BT", "ET", "T*", "EMC", "BX", "EX":
		return "", true
	case "w", "J", "j", "M", "i", "Tc", "Tw", "Tz", "TL", "Tr", "Ts", "g", "G":
		return "n", true
	case "m", "l", "Td", "TD", "d0":
		return "nn", true
	case "rg", "RG":
		return "nnn", true
	case "k", "K", "v", "y", "re":
		return "nnnn", true
	case "cm", "c", "Tm", "d1":
		return "nnnnnn", true
	case "d":
		return "an", true
	case "ri", "gs", "Do", "sh", "cs", "CS", "BMC", "MP":
		return "/", true
	case "Tf":
		return "/n", true
	case "Tj", "'":
		return "s", true
	case `"`:
		return "nns", true
	case "TJ":
		return "a", true
	case "sc", "SC", "scn", "SCN":
		return "N", true
	case "BDC", "DP":
		return "/p", true
	}
	return "", false
}
