package ooxml

import (
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
)

// Variant is one format of the family. It implements sanitize.Format.
type Variant uint8

// The variants, by their usual extension.
const (
	Docm Variant = iota
	Docx
	Dotm
	Dotx
	Potm
	Potx
	Ppam
	Ppsm
	Ppsx
	Pptm
	Pptx
	Xlam
	Xlsb
	Xlsm
	Xlsx
	Xltm
	Xltx
)

var _ sanitize.Format = Docx

// Variants returns all variants, in the order of their IDs.
func Variants() []Variant {
	return []Variant{Docm, Docx, Dotm, Dotx, Potm, Potx, Ppam, Ppsm, Ppsx, Pptm, Pptx, Xlam, Xlsb, Xlsm, Xlsx, Xltm, Xltx}
}

// variantRow describes a variant.
type variantRow struct {
	id, name string
	mime     string  // of the file
	main     string  // content type of its main part
	output   Variant // what it becomes: itself, or the form without macros
}

const (
	openXML = "application/vnd.openxmlformats-officedocument."
	msWord  = "application/vnd.ms-word."
	msExcel = "application/vnd.ms-excel."
	msPoint = "application/vnd.ms-powerpoint."
)

// variants has the content types of ECMA-376 Part 1, 15.2, and of MS-OFFMACRO2, 2.1. An add-in of PowerPoint is a
// presentation beside its macros and becomes one; one of Excel and the binary workbook have no form that is written.
var variants = [...]variantRow{
	Docm: {"docm", "Word マクロ有効文書 / Word macro-enabled document", msWord + "document.macroEnabled.12", msWord + "document.macroEnabled.main+xml", Docx},
	Docx: {"docx", "Word 文書 / Word document", openXML + "wordprocessingml.document", openXML + "wordprocessingml.document.main+xml", Docx},
	Dotm: {"dotm", "Word マクロ有効テンプレート / Word macro-enabled template", msWord + "template.macroEnabled.12", msWord + "template.macroEnabledTemplate.main+xml", Dotx},
	Dotx: {"dotx", "Word テンプレート / Word template", openXML + "wordprocessingml.template", openXML + "wordprocessingml.template.main+xml", Dotx},
	Potm: {"potm", "PowerPoint マクロ有効テンプレート / PowerPoint macro-enabled template", msPoint + "template.macroEnabled.12", msPoint + "template.macroEnabled.main+xml", Potx},
	Potx: {"potx", "PowerPoint テンプレート / PowerPoint template", openXML + "presentationml.template", openXML + "presentationml.template.main+xml", Potx},
	Ppam: {"ppam", "PowerPoint アドイン / PowerPoint add-in", msPoint + "addin.macroEnabled.12", msPoint + "addin.macroEnabled.main+xml", Pptx},
	Ppsm: {"ppsm", "PowerPoint マクロ有効スライドショー / PowerPoint macro-enabled show", msPoint + "slideshow.macroEnabled.12", msPoint + "slideshow.macroEnabled.main+xml", Ppsx},
	Ppsx: {"ppsx", "PowerPoint スライドショー / PowerPoint show", openXML + "presentationml.slideshow", openXML + "presentationml.slideshow.main+xml", Ppsx},
	Pptm: {"pptm", "PowerPoint マクロ有効プレゼンテーション / PowerPoint macro-enabled presentation", msPoint + "presentation.macroEnabled.12", msPoint + "presentation.macroEnabled.main+xml", Pptx},
	Pptx: {"pptx", "PowerPoint プレゼンテーション / PowerPoint presentation", openXML + "presentationml.presentation", openXML + "presentationml.presentation.main+xml", Pptx},
	Xlam: {"xlam", "Excel アドイン / Excel add-in", msExcel + "addin.macroEnabled.12", msExcel + "addin.macroEnabled.main+xml", Xlam},
	Xlsb: {"xlsb", "Excel バイナリ ブック / Excel binary workbook", msExcel + "sheet.binary.macroEnabled.12", msExcel + "sheet.binary.macroEnabled.main", Xlsb},
	Xlsm: {"xlsm", "Excel マクロ有効ブック / Excel macro-enabled workbook", msExcel + "sheet.macroEnabled.12", msExcel + "sheet.macroEnabled.main+xml", Xlsx},
	Xlsx: {"xlsx", "Excel ブック / Excel workbook", openXML + "spreadsheetml.sheet", openXML + "spreadsheetml.sheet.main+xml", Xlsx},
	Xltm: {"xltm", "Excel マクロ有効テンプレート / Excel macro-enabled template", msExcel + "template.macroEnabled.12", msExcel + "template.macroEnabled.main+xml", Xltx},
	Xltx: {"xltx", "Excel テンプレート / Excel template", openXML + "spreadsheetml.template", openXML + "spreadsheetml.template.main+xml", Xltx},
}

// Info implements sanitize.Format.
func (v Variant) Info() sanitize.Info {
	r := &variants[v]
	return sanitize.Info{ID: r.id, Name: r.name, Extensions: []string{r.id}, Sisters: v.sisters(), MIME: r.mime, Refines: "zip"}
}

// Detect implements sanitize.Format. It looks at the content types of the package, not at its soundness.
func (v Variant) Detect(in sanitize.Input) bool { return mainType(in) == variants[v].main }

// Rebuild implements sanitize.Format. The report's output is the variant without macros.
func (v Variant) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	report := sanitize.Report{Type: variants[v].id}
	if !v.written() {
		return report, fmt.Errorf("cannot rebuild %s: %w: it has no form without macros that this program writes", report.Type, sanitize.ErrUnsupported)
	}
	report.Output = variants[variants[v].output].id
	err := rebuild(ctx, v, in, out, pass, &report)
	if err != nil {
		err = fmt.Errorf("cannot rebuild %s: %w", report.Type, err)
	}
	return report, err
}

// sisters returns the extensions of the other variants of the same program that are written, or become one that is.
// A document with macros under the name of one without is the oldest trick with these names.
func (v Variant) sisters() []string {
	if !v.written() {
		return nil
	}
	var list []string
	for _, other := range Variants() {
		if other != v && other.written() && other.folder() == v.folder() {
			list = append(list, variants[other].id)
		}
	}
	return list
}

// written reports whether files of this variant have a form that is written.
func (v Variant) written() bool { return v != Xlam && v != Xlsb }

// folder returns the folder of the main part.
func (v Variant) folder() string {
	switch v {
	case Docm, Docx, Dotm, Dotx:
		return "word"
	case Xlsm, Xlsx, Xltm, Xltx:
		return "xl"
	}
	return "ppt"
}
