package sanitize

import (
	"fmt"
	"strings"
	"time"
)

// Policy says what a rebuild keeps of the things a format's grammar knows. The zero value keeps the least.
type Policy struct {
	Name string `json:"name"`

	Links        bool `json:"links"`         // hyperlinks to http, https and mailto
	Comments     bool `json:"comments"`      // comments, review marks and tracked changes
	Hidden       bool `json:"hidden"`        // hidden sheets, slides, rows, text and layers
	Metadata     bool `json:"metadata"`      // title, author and other document properties a reader can see
	Embedded     bool `json:"embedded"`      // embedded documents go back in after their own rebuild
	Attachments  bool `json:"attachments"`   // files attached to a PDF go back in after their own rebuild; false drops and names them
	Formulas     bool `json:"formulas"`      // spreadsheet formulas that stay inside the file
	CSVFormulas  bool `json:"csv_formulas"`  // CSV cells that a spreadsheet would run; false neutralises them
	Animation    bool `json:"animation"`     // animated pictures
	Pixels       bool `json:"pixels"`        // pictures are decoded to pixels and encoded again, not rebuilt losslessly
	Render       bool `json:"render"`        // documents become pictures of their pages with an invisible text layer
	DPI          int  `json:"dpi"`           // of those pictures, pixels to the inch; 0: DefaultDPI
	AllowRenamed bool `json:"allow_renamed"` // a name that disagrees with the content is put right instead of held
	HoldWhole    bool `json:"hold_whole"`    // one member that cannot be cleaned holds the whole archive

	Limits Limits `json:"limits"`
}

// The resolution of pages drawn as pictures, in pixels to the inch: at the default one can read writing of six points,
// below the least none, and above the most a page of A4 is longer than a picture may be.
const (
	LeastDPI   = 72
	DefaultDPI = 150
	MostDPI    = 600
)

// CheckDPI says whether a resolution can be asked for.
func CheckDPI(dpi int) error {
	if dpi < LeastDPI || dpi > MostDPI {
		return fmt.Errorf("cannot draw pages at %d dpi: want %d to %d", dpi, LeastDPI, MostDPI)
	}
	return nil
}

// Limits bounds every allocation and every loop that an input can drive. Sizes are in bytes.
type Limits struct {
	FileSize int64         `json:"file_size"` // of an input, and of an output
	Expanded int64         `json:"expanded"`  // all that is decompressed in one run, embedded files included
	Ratio    int64         `json:"ratio"`     // expanded bytes for one input byte, looked at after RatioFrom bytes
	Depth    int           `json:"depth"`     // embedded files inside embedded files
	Entries  int           `json:"entries"`   // embedded files, parts and archive entries in one run
	Objects  int           `json:"objects"`   // objects of one PDF, elements of one record tree
	Pages    int           `json:"pages"`     // of one document
	Pixels   int64         `json:"pixels"`    // of one picture
	Nesting  int           `json:"nesting"`   // of elements, arrays, groups
	XMLPart  int64         `json:"xml_part"`  // of one XML part
	Time     time.Duration `json:"time"`      // wall clock of one run
	Memory   int64         `json:"memory"`    // of the process that does one run
}

// RatioFrom is the number of expanded bytes below which the ratio is not looked at: small files compress well.
const RatioFrom = 10 << 20

// DefaultLimits returns the published limits.
func DefaultLimits() Limits {
	return Limits{
		FileSize: 100 << 20,
		Expanded: 1 << 30,
		Ratio:    200,
		Depth:    5,
		Entries:  10_000,
		Objects:  2_000_000,
		Pages:    2_000,
		Pixels:   100_000_000,
		Nesting:  256,
		XMLPart:  256 << 20,
		Time:     120 * time.Second,
		Memory:   1 << 30,
	}
}

// Standard rebuilds and keeps what readers use.
func Standard() Policy {
	return Policy{
		Name: "standard", Links: true, Comments: true, Hidden: true, Metadata: true, Embedded: true,
		Formulas: true, Animation: true, Limits: DefaultLimits(),
	}
}

// Strict also drops external links, comments, hidden parts, metadata and embedded documents.
func Strict() Policy {
	return Policy{Name: "strict", Formulas: true, Pixels: true, HoldWhole: true, Limits: DefaultLimits()}
}

// Render turns documents into pictures of their pages with an invisible text layer.
func Render() Policy {
	p := Standard()
	p.Name, p.Render = "render", true
	return p
}

// Attachments is Standard for those who send data inside a PDF, as electronic invoices are (PDF/A-3): files attached to one
// go back in, each after its own rebuild. An attached file is a way to carry anything into a document, so no other policy
// keeps it.
func Attachments() Policy {
	p := Standard()
	p.Name, p.Attachments = "attachments", true
	return p
}

// Policies returns the shipped policies, the ordinary one first.
func Policies() []Policy { return []Policy{Standard(), Strict(), Render(), Attachments()} }

// PolicyNames returns the names of the shipped policies.
func PolicyNames() []string {
	var names []string
	for _, p := range Policies() {
		names = append(names, p.Name)
	}
	return names
}

// PolicyNamed returns a shipped policy.
func PolicyNamed(name string) (Policy, error) {
	for _, p := range Policies() {
		if p.Name == name {
			return p, nil
		}
	}
	return Policy{}, fmt.Errorf("cannot find policy %q: have %s", name, strings.Join(PolicyNames(), ", "))
}
