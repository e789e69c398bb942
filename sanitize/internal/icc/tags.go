package icc

import (
	"fmt"
	"slices"
)

// kind is how a tag's element is read and written.
type kind int

const (
	kindXYZ   kind = iota // one XYZNumber
	kindCurve             // curveType or parametricCurveType
	kindLutA              // device to connection space: lut8, lut16 or lutAToB
	kindLutB              // connection space to device: lut8, lut16 or lutBToA
	kindGamut             // connection space to one value: in gamut or not
	kindChad              // nine s15Fixed16Numbers
	kindCicp              // four bytes, ITU-T H.273
)

// tagKinds lists the tags that are copied (ISO 15076-1 clause 9.2), in the order of the output's tag table. All
// others are either text, measurements that no rendering uses, or private.
var tagKinds = [...]struct {
	signature string
	kind      kind
}{
	{"wtpt", kindXYZ}, {"bkpt", kindXYZ}, {"lumi", kindXYZ}, {"chad", kindChad}, {"cicp", kindCicp},
	{"rXYZ", kindXYZ}, {"gXYZ", kindXYZ}, {"bXYZ", kindXYZ},
	{"rTRC", kindCurve}, {"gTRC", kindCurve}, {"bTRC", kindCurve}, {"kTRC", kindCurve},
	{"A2B0", kindLutA}, {"A2B1", kindLutA}, {"A2B2", kindLutA},
	{"B2A0", kindLutB}, {"B2A1", kindLutB}, {"B2A2", kindLutB}, {"gamt", kindGamut},
}

// tag is one rebuilt tag.
type tag struct {
	signature string
	element   []byte
}

// place is where an element stood in the input and how it was read.
type place struct {
	start *byte
	kind  kind
}

// rebuildTags returns the tags of the output in order, and fails when what is left does not describe a colour space.
func (p *profile) rebuildTags() ([]tag, error) {
	tags := []tag{{"desc", p.text(p.describe())}, {"cprt", p.copyright()}}
	shared := map[place][]byte{} // tags that share an element still do
	for _, t := range tagKinds {
		untrusted, ok := p.elements[t.signature]
		if !ok {
			continue
		}
		where := place{&untrusted[0], t.kind}
		element, ok := shared[where]
		if !ok {
			var err error
			if element, err = p.rebuildElement(t.kind, untrusted); err != nil {
				return nil, fmt.Errorf("tag %s: %w", t.signature, err)
			}
			shared[where] = element
		}
		tags = append(tags, tag{t.signature, element})
	}
	return tags, p.complete(tags)
}

// rebuildElement writes one element anew from its numbers.
func (p *profile) rebuildElement(k kind, untrusted []byte) ([]byte, error) {
	switch k {
	case kindXYZ:
		return fixed(untrusted, "XYZ ", 12)
	case kindChad:
		return fixed(untrusted, "sf32", 36)
	case kindCicp:
		return fixed(untrusted, "cicp", 4)
	case kindCurve:
		element, _, err := curve(untrusted)
		return element, err
	case kindLutA:
		return lut(untrusted, "mAB ", p.components, 3)
	case kindLutB:
		return lut(untrusted, "mBA ", 3, p.components)
	}
	return lut(untrusted, "mBA ", 3, 1) // kindGamut
}

// complete checks that the tags hold a model: matrix and curves, one grey curve, or a table (ISO 15076-1 8.3 to 8.6).
func (p *profile) complete(tags []tag) error {
	has := func(signatures ...string) bool {
		for _, s := range signatures {
			if !slices.ContainsFunc(tags, func(t tag) bool { return t.signature == s }) {
				return false
			}
		}
		return true
	}
	switch {
	case !has("wtpt"):
		return fmt.Errorf("%w: no white point", errProfile)
	case has("A2B0"),
		p.space == "GRAY" && has("kTRC"),
		p.space == "RGB " && p.pcs == "XYZ " && has("rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"):
		return nil
	}
	return fmt.Errorf("%w: no colour model", errProfile)
}
