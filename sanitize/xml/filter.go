package xml

import (
	"context"
	"fmt"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/weblink"
	"sekisho/sanitize/internal/xmltext"
)

// filter copies the tokens of one document.
type filter struct {
	ctx    context.Context
	policy sanitize.Policy
	report *sanitize.Report
	r      *xmltext.Reader
	w      *xmltext.Writer
	gone   map[string]int // findings by rule
}

func (f *filter) run() error {
	f.gone = map[string]int{}
	return f.r.Each(xmltext.Handlers{Start: f.start, End: f.end, Text: f.characters})
}

func (f *filter) end() error {
	f.w.End(f.r.Name)
	return nil
}

func (f *filter) characters() error {
	f.w.Text(f.r.Text)
	return nil
}

func (f *filter) start() error {
	if f.r.Depth() == 1 && foreignRoot(f.r.Name) {
		return fmt.Errorf("%w: the root %q begins another kind of document", sanitize.ErrUnsupported, f.r.Name.Local)
	}
	if f.r.Name.Space == nsActive || activeLocal(f.r.Name) {
		f.gone[RuleActive]++
		return f.skip()
	}
	f.w.Start(f.r.Name)
	for i := range f.r.Attrs {
		a := &f.r.Attrs[i]
		if a.Nameless() {
			return fmt.Errorf("%w: a namespace whose name stood in an entity", sanitize.ErrMalformed)
		}
		if rule := f.refuse(a); rule != "" {
			f.gone[rule]++
			continue
		}
		f.w.Attr(a.Name, a.Value)
	}
	return nil
}

// skip reads over the element whose start tag was read.
func (f *filter) skip() error {
	_, err := f.r.Skip()
	return err
}

// refuse returns the rule by which an attribute does not stay, or "".
func (f *filter) refuse(a *xmltext.Attr) string {
	local := string(a.Name.Local)
	switch a.Name.Space {
	case nsActive:
		return RuleActive
	case xmltext.XMLNS:
		if a.Bound == nsActive { // no name in the output is of it
			return RuleActive
		}
	case xmltext.XML:
		if local == "base" { // XML Base: what references are relative to
			return RuleReference
		}
	case nsXsi:
		if strings.HasSuffix(strings.ToLower(local), "schemalocation") {
			return RuleReference
		}
	case nsXlink:
		switch local {
		case "href":
			if v := string(a.Value); !strings.HasPrefix(v, "#") && v != "" && !(f.policy.Links && weblink.Allowed(v)) {
				return RuleReference
			}
		case "show", "actuate": // a link is followed by whoever wants to
			if v := string(a.Value); v != "new" && v != "replace" && v != "onRequest" && v != "none" && v != "other" {
				return RuleReference
			}
		}
	}
	return ""
}

// tell gives the findings to the report.
func (f *filter) tell() {
	d := f.r.Dropped
	f.gone[RuleComment] += d.Comments
	f.gone[RuleInstruction] += d.Instructions
	f.gone[RuleDTD] += d.Doctypes + d.Entities
	for rule, n := range f.gone {
		if n > 0 {
			f.report.Findings = append(f.report.Findings, sanitize.Finding{Rule: rule, Action: sanitize.Removed, Count: n})
		}
	}
}
