package charset

const escape = 0x1b

// jis returns the character of JIS X 0208 row and cell (1 to 94) that a judge may ask about, or Geta.
func jis(row, cell int) rune {
	switch {
	case row == 1:
		switch cell {
		case 1:
			return '　'
		case 4:
			return '，'
		case 5:
			return '．'
		case 28:
			return '‐'
		case 60:
			return '＋'
		case 61:
			return '－'
		case 65:
			return '＝'
		case 87:
			return '＠'
		}
	case row == 3 && 16 <= cell && cell <= 25:
		return '０' + rune(cell-16)
	}
	return Geta
}

// stepCP932 reads one or two bytes (Microsoft's code page 932: leads 81–9F and E0–FC, gaiji and extensions included).
func stepCP932(b []byte, _ *state) (rune, int) {
	c := b[0]
	switch {
	case c < 0x80:
		return rune(c), 1
	case 0xA1 <= c && c <= 0xDF:
		return 0xFF61 + rune(c-0xA1), 1
	case c == 0x80 || c == 0xA0 || c > 0xFC || len(b) < 2:
		return 0, 0
	}
	t := b[1]
	if t < 0x40 || t == 0x7F || t > 0xFC {
		return 0, 0
	}
	lead, trail := int(c)-0x81, int(t)-0x40
	if c >= 0xE0 {
		lead -= 0x40
	}
	if t > 0x7F {
		trail--
	}
	return jis(lead*2+trail/94+1, trail%94+1), 2
}

// stepEUC reads one to three bytes (JIS X 0208 in GR; 8E: katakana; 8F: JIS X 0212).
func stepEUC(b []byte, _ *state) (rune, int) {
	c := b[0]
	gr := func(i int) bool { return i < len(b) && b[i] >= 0xA1 && b[i] <= 0xFE }
	switch {
	case c < 0x80:
		return rune(c), 1
	case c == 0x8E && gr(1) && b[1] <= 0xDF:
		return 0xFF61 + rune(b[1]-0xA1), 2
	case c == 0x8F && gr(1) && gr(2):
		return Geta, 3
	case gr(0) && gr(1):
		return jis(int(c)-0xA0, int(b[1])-0xA0), 2
	}
	return 0, 0
}

// stepISO2022 reads a designation, or a character of the set that was designated last (RFC 1468, and the katakana
// and JIS X 0212 designations that Windows' code page 50221 and RFC 2237 add).
func stepISO2022(b []byte, s *state) (rune, int) {
	c := b[0]
	switch {
	case c == escape:
		return designate(b, s)
	case c >= 0x80:
		return 0, 0
	case s.set == ascii:
		return rune(c), 1
	case c < 0x21 || c > 0x7E: // a line must end in ASCII
		return 0, 0
	case s.set == kana:
		if c > 0x5F {
			return 0, 0
		}
		return 0xFF61 + rune(c-0x21), 1
	case len(b) < 2 || b[1] < 0x21 || b[1] > 0x7E:
		return 0, 0
	}
	return jis(int(c)-0x20, int(b[1])-0x20), 2
}

func designate(b []byte, s *state) (rune, int) {
	for _, d := range [...]struct {
		seq string
		set charSet
	}{
		{"\x1b(B", ascii}, {"\x1b(J", ascii}, {"\x1b(I", kana}, {"\x1b$@", kanji}, {"\x1b$B", kanji}, {"\x1b$(D", kanji},
	} {
		if len(b) >= len(d.seq) && string(b[:len(d.seq)]) == d.seq {
			s.set = d.set
			return Designated, len(d.seq)
		}
	}
	return 0, 0
}
