package pdf

import "sekisho/sanitize/pdf/internal/object"

// colours returns the number of components of a colour space of the input, or 0 when it is none that has a number
// (ISO 32000-2 8.6).
func (w *walk) colours(cs object.Object) (int64, error) {
	v, _, err := w.doc.Load(cs)
	if err != nil {
		return 0, err
	}
	a, ok := v.(object.Array)
	if !ok {
		return max(deviceColours(v), 0), nil
	}
	if len(a) == 0 {
		return 0, nil
	}
	family, _, err := w.doc.Load(a[0])
	if err != nil {
		return 0, err
	}
	switch family {
	case object.Name("Indexed"), object.Name("I"), object.Name("Separation"), object.Name("CalGray"):
		return 1, nil
	case object.Name("CalRGB"), object.Name("Lab"):
		return 3, nil
	case object.Name("ICCBased"):
		if len(a) > 1 {
			return w.profileColours(a[1])
		}
	case object.Name("DeviceN"):
		if len(a) > 1 {
			names, _, err := w.doc.Load(a[1])
			list, _ := names.(object.Array)
			return int64(len(list)), err
		}
	}
	if len(a) == 1 {
		return max(deviceColours(family), 0), nil
	}
	return 0, nil
}

// profileColours returns the number of components that an ICC profile stream declares.
func (w *walk) profileColours(o object.Object) (int64, error) {
	v, _, err := w.doc.Load(o)
	if err != nil {
		return 0, err
	}
	if s, ok := v.(*object.Stream); ok {
		return count(s.Dict, "N"), nil
	}
	return 0, nil
}
