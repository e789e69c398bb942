package odf

import (
	"context"
	"fmt"
	"io"
	"strings"

	"sekisho/sanitize"
)

// Variant is one format of the family. It implements sanitize.Format.
type Variant uint8

// The variants, by their usual extension.
const (
	Fodg Variant = iota
	Fodp
	Fods
	Fodt
	Odg
	Odp
	Ods
	Odt
	Otg
	Otp
	Ots
	Ott
)

var _ sanitize.Format = Odt

// Variants returns all variants, in the order of their IDs.
func Variants() []Variant {
	return []Variant{Fodg, Fodp, Fods, Fodt, Odg, Odp, Ods, Odt, Otg, Otp, Ots, Ott}
}

// variantRow describes a variant.
type variantRow struct {
	id, name string
	mime     string // in the file itself (OpenDocument 1.3 Part 2, 3.3; Part 3: office:mimetype), and of the file
	flat     bool
}

const (
	opendocument = "application/vnd.oasis.opendocument."
	template     = "-template"
)

var variants = [...]variantRow{
	Fodg: {"fodg", "OpenDocument 図形描画 (XML) / OpenDocument drawing, flat XML", opendocument + "graphics", true},
	Fodp: {"fodp", "OpenDocument プレゼンテーション (XML) / OpenDocument presentation, flat XML", opendocument + "presentation", true},
	Fods: {"fods", "OpenDocument 表計算 (XML) / OpenDocument spreadsheet, flat XML", opendocument + "spreadsheet", true},
	Fodt: {"fodt", "OpenDocument 文書 (XML) / OpenDocument text, flat XML", opendocument + "text", true},
	Odg:  {"odg", "OpenDocument 図形描画 / OpenDocument drawing", opendocument + "graphics", false},
	Odp:  {"odp", "OpenDocument プレゼンテーション / OpenDocument presentation", opendocument + "presentation", false},
	Ods:  {"ods", "OpenDocument 表計算 / OpenDocument spreadsheet", opendocument + "spreadsheet", false},
	Odt:  {"odt", "OpenDocument 文書 / OpenDocument text", opendocument + "text", false},
	Otg:  {"otg", "OpenDocument 図形描画テンプレート / OpenDocument drawing template", opendocument + "graphics-template", false},
	Otp:  {"otp", "OpenDocument プレゼンテーションテンプレート / OpenDocument presentation template", opendocument + "presentation-template", false},
	Ots:  {"ots", "OpenDocument 表計算テンプレート / OpenDocument spreadsheet template", opendocument + "spreadsheet-template", false},
	Ott:  {"ott", "OpenDocument 文書テンプレート / OpenDocument text template", opendocument + "text-template", false},
}

// Info implements sanitize.Format. A flat document is a kind of text as far as its bytes go.
func (v Variant) Info() sanitize.Info {
	r := &variants[v]
	info := sanitize.Info{ID: r.id, Name: r.name, Extensions: []string{r.id}, MIME: r.mime, Refines: "zip"}
	if r.flat {
		info.MIME += "-flat-xml"
		info.Refines = "txt"
		return info
	}
	for _, other := range Variants() { // the document of a template, and the template of a document
		if other != v && !variants[other].flat && strings.TrimSuffix(variants[other].mime, template) == strings.TrimSuffix(r.mime, template) {
			info.Sisters = append(info.Sisters, variants[other].id)
		}
	}
	return info
}

// Detect implements sanitize.Format. It looks at the type that a document states, not at its soundness.
func (v Variant) Detect(in sanitize.Input) bool {
	if variants[v].flat {
		kind, ok := flatKind(in)
		return ok && kind == v
	}
	return packageType(in) == variants[v].mime
}

// Rebuild implements sanitize.Format.
func (v Variant) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	report := sanitize.Report{Type: variants[v].id, Output: variants[v].id}
	d := &document{
		ctx: ctx, pass: pass, limits: pass.Policy.Limits, variant: v, report: &report,
		pictures: map[pictureKey]*picture{}, used: map[string]bool{}, secrets: map[string]*secret{}, objects: map[pictureKey]*object{}, counts: map[string]int{},
	}
	var err error
	if variants[v].flat {
		err = d.rebuildFlat(in, out)
	} else {
		err = d.rebuildPackage(in, out)
	}
	if err != nil {
		err = fmt.Errorf("cannot rebuild %s: %w", report.Type, err)
	}
	return report, err
}
