package office

import (
	"context"
	"fmt"
	"os"
)

// printed says by which filter a file of each type is read, and by which one it is printed as a PDF: of originals, whatever their
// kind, and of what is written here.
func printed() map[string]kind {
	const zip = "PK\x03\x04"
	word, calc, impress := "writer_pdf_Export", "calc_pdf_Export", "impress_pdf_Export"
	all := map[string]kind{
		"docx": {zip, "MS Word 2007 XML", "pdf", word}, "docm": {zip, "MS Word 2007 XML", "pdf", word},
		"dotx": {zip, "MS Word 2007 XML", "pdf", word}, "dotm": {zip, "MS Word 2007 XML", "pdf", word},
		"xlsx": {zip, "Calc MS Excel 2007 XML", "pdf", calc}, "xlsm": {zip, "Calc MS Excel 2007 XML", "pdf", calc},
		"xltx": {zip, "Calc MS Excel 2007 XML", "pdf", calc}, "xltm": {zip, "Calc MS Excel 2007 XML", "pdf", calc},
		"pptx": {zip, "Impress MS PowerPoint 2007 XML", "pdf", impress}, "pptm": {zip, "Impress MS PowerPoint 2007 XML", "pdf", impress},
		"ppsx": {zip, "Impress MS PowerPoint 2007 XML", "pdf", impress}, "ppsm": {zip, "Impress MS PowerPoint 2007 XML", "pdf", impress},
		"odt": {zip, "writer8", "pdf", word}, "ods": {zip, "calc8", "pdf", calc}, "odp": {zip, "impress8", "pdf", impress},
	}
	for name, pdf := range map[string]string{"doc": word, "rtf": word, "xls": calc, "ppt": impress} {
		k := kinds()[name]
		k.to, k.exporter = "pdf", pdf
		all[name] = k
	}
	return all
}

// Prints reports whether Print knows a type, by its extension without the dot.
func Prints(kind string) bool {
	_, ok := printed()[kind]
	return ok
}

// Print writes the first pages of a document of a type to out as a PDF, as LibreOffice draws them. It is for people who look at
// pictures of them, and is trusted no more than any PDF that came: it is rebuilt and judged before anything is drawn. The errors are
// those of Convert.
func (e *Engine) Print(ctx context.Context, extension string, pages int, in, out *os.File) error {
	k, ok := printed()[extension]
	if !ok {
		return fmt.Errorf("%w: no such type", ErrFailed)
	}
	options := fmt.Sprintf(`:{"PageRange":{"type":"string","value":"1-%d"}}`, pages)
	return e.convert(ctx, k, extension, options, in, out)
}
