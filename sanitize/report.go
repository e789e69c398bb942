package sanitize

import (
	"cmp"
	"slices"
)

// Verdict is what became of a file.
type Verdict string

// The verdicts.
const (
	Clean   Verdict = "clean"   // rebuilt and released
	Held    Verdict = "held"    // a person must look
	Blocked Verdict = "blocked" // malware was found
)

// Reason says why a file is held or blocked. It is empty for a clean one.
type Reason string

// The reasons, a closed set.
const (
	ReasonEncrypted   Reason = "encrypted"
	ReasonUnsupported Reason = "unsupported"
	ReasonAmbiguous   Reason = "ambiguous"
	ReasonMismatch    Reason = "mismatch"
	ReasonMalformed   Reason = "malformed"
	ReasonLimit       Reason = "limit"
	ReasonTimeout     Reason = "timeout"
	ReasonCrash       Reason = "crash"
	ReasonMalware     Reason = "malware"
	ReasonPolicy      Reason = "policy"
	ReasonVerify      Reason = "verify"
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{
		ReasonEncrypted, ReasonUnsupported, ReasonAmbiguous, ReasonMismatch, ReasonMalformed, ReasonLimit, ReasonTimeout, ReasonCrash,
		ReasonMalware, ReasonPolicy, ReasonVerify,
	}
}

// Action says what was done about a finding.
type Action string

// The actions. What is kept is no finding: a second rebuild of an output finds nothing.
const (
	Removed  Action = "removed"  // not in the output
	Replaced Action = "replaced" // something inert stands in its place: a picture, a cached value, a notice
	Repaired Action = "repaired" // the input broke its grammar in a way that could be set right without guessing
)

// Finding is one thing that a rebuild did not copy as it was.
type Finding struct {
	Rule   string `json:"rule"` // "<format>/<thing>", a closed set per format
	Action Action `json:"action"`
	Where  string `json:"where"` // a place in the file (part, page, entry); may hold text of the file, so distrust it
	Count  int    `json:"count"`
}

// Report is what one rebuild says about its file.
type Report struct {
	Type     string // ID of the format that was read
	Output   string // ID of the format that was written; the same but for macro-enabled and re-rendered types
	Findings []Finding
}

// Add records a finding. Findings with the same rule, action and place are counted together; past maxFindings of them the
// place is dropped, so that neither memory nor time depends on how many an input has.
func (r *Report) Add(rule string, action Action, where string) {
	if len(r.Findings) > maxFindings {
		where = ""
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Rule == rule && f.Action == action && f.Where == where {
			f.Count++
			return
		}
	}
	r.Findings = append(r.Findings, Finding{Rule: rule, Action: action, Where: where, Count: 1})
}

// maxFindings bounds a report, whatever a file holds: past it, places are dropped and counts kept.
const maxFindings = 1000

// sortFindings puts the findings in an order that does not depend on the order of work, and bounds their number.
func (r *Report) sortFindings() {
	merged := Report{}
	if len(r.Findings) > maxFindings {
		sums := map[Finding]int{}
		for _, f := range r.Findings {
			sums[Finding{Rule: f.Rule, Action: f.Action}] += f.Count
		}
		for f, n := range sums {
			f.Count = n
			merged.Findings = append(merged.Findings, f)
		}
		r.Findings = merged.Findings
	}
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Where, b.Where))
	})
}
