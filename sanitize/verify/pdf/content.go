package pdf

import (
	"sekisho/sanitize/verify"
)

// operands returns how many operands an operator takes (ISO 32000-2 annex A), -1 for any number, -2 when there is
// no such operator.
func operands(op word) int {
	switch op {
	case "q", "Q", "h", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "n", "W", "W*", "BT", "ET", "T*", "EMC", "BX", "EX":
		return 0
	case "w", "J", "j", "M", "ri", "i", "gs", "CS", "cs", "G", "g", "sh", "Do", "Tc", "Tw", "Tz", "TL", "Tr", "Ts", "Tj", "'", "TJ", "MP", "BMC":
		return 1
	case "d", "m", "l", "Td", "TD", "Tf", "d0", "DP", "BDC":
		return 2
	case "RG", "rg", "\"":
		return 3
	case "v", "y", "re", "K", "k":
		return 4
	case "cm", "c", "Tm", "d1":
		return 6
	case "SC", "SCN", "sc", "scn":
		return -1
	}
	return -2
}

// program judges a stream that is content.
func (w *walk) program(num int, s *stream, where string) error {
	data, err := w.f.decode(s)
	if err != nil {
		return err
	}
	draws, err := w.f.content(data, where)
	w.note(num, s, draws)
	return err
}

// content judges content (7.8.2): operands and operators that exist, dictionaries without what is forbidden, pictures
// that end where they say. Between BX and EX (a compatibility section) an operator may be unknown. It returns the names
// of what the content draws with Do.
func (f *file) content(b []byte, where string) (draws []name, err error) {
	l := &lexer{b: b, nesting: f.pass.Policy.Limits.Nesting, objects: len(b) + 1, noRefs: true}
	count, lenient := 0, 0
	var last any
	for {
		if l.skip(); l.pos >= len(b) {
			break
		}
		if l.objects%4096 == 0 && f.ctx.Err() != nil {
			return nil, f.ctx.Err()
		}
		v, err := l.object(0)
		if err != nil {
			return nil, verify.Fail(RuleContent, where, "at offset %d: %v", l.pos, err)
		}
		op, isOp := v.(word)
		if !isOp {
			if count++; count > maxOperands {
				return nil, verify.Fail(RuleContent, where, "at offset %d: operands without an operator", l.pos)
			}
			last = v
			if err := f.operand(v, where); err != nil {
				return nil, err
			}
			continue
		}
		switch want := operands(op); {
		case op == "BI":
			if err := f.inline(l, where); err != nil {
				return nil, err
			}
		case want == -2 && lenient == 0, want >= 0 && count != want:
			return nil, verify.Fail(RuleContent, where, "the operator %q with %d operands", string(op), count)
		case op == "Do":
			n, _ := last.(name)
			draws = append(draws, n)
		case op == "BX":
			lenient++
		case op == "EX":
			lenient--
		}
		count = 0
	}
	if count != 0 || lenient != 0 {
		return nil, verify.Fail(RuleContent, where, "it ends before an operator")
	}
	return draws, nil
}

// maxOperands is more than any operator takes: colours in DeviceN have up to 32 components and a pattern.
const maxOperands = 64

// operand judges a dictionary among the operands: a property list (14.6.2).
func (f *file) operand(v any, where string) error {
	switch v := v.(type) {
	case dict:
		for k, e := range v {
			if rule := forbidden(k, f.pass.Policy); rule != "" && k != "Metadata" {
				return verify.Fail(rule, where, "the key %q in content", string(k))
			}
			if s, ok := e.(name); ok && k == "S" && isAction(s) {
				return verify.Fail(RuleAction, where, "an action in content")
			}
			if err := f.operand(e, where); err != nil {
				return err
			}
		}
	case list:
		for _, e := range v {
			if _, nested := e.(dict); nested {
				if err := f.operand(e, where); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
