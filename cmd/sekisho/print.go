package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/audit"
	"sekisho/internal/notice"
	"sekisho/internal/pipeline"
	"sekisho/sanitize"
)

// printJSON prints v as one line. What a terminal would obey, or what nobody sees, is spelled \uXXXX in it.
func printJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cannot encode: %w", err)
	}
	_, err = w.Write(append(audit.EscapeJSON(b), '\n'))
	return err
}

// verdictWords are the verdicts as people read them, in columns of the same width.
func verdictWords(v sanitize.Verdict) string {
	switch v {
	case sanitize.Clean:
		return "無害化 clean  "
	case sanitize.Blocked:
		return "遮断   blocked"
	}
	return "保留   held   "
}

// outcomeText tells one outcome in a few lines.
func outcomeText(o pipeline.Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", verdictWords(o.Verdict), notice.Visible(o.Path))
	switch {
	case o.Verdict != sanitize.Clean:
		m := notice.Lookup(string(o.Reason))
		fmt.Fprintf(&b, "\n    %s %s\n    %s\n", m.Code, m.Ja.What, m.En.What)
	case o.Output != "":
		fmt.Fprintf(&b, "  →  %s\n", notice.Visible(o.Output))
	default:
		fmt.Fprintf(&b, "  (%s)\n", o.Type)
	}
	for _, f := range o.Findings {
		fmt.Fprintf(&b, "    %-9s %s ×%d  %s\n", f.Action, f.Rule, f.Count, notice.Visible(f.Where))
	}
	return b.String()
}

// endedText tells one end in a line.
func endedText(e pipeline.Ended) string {
	line := fmt.Sprintf("%s  %s", verdictWords(e.Verdict), notice.Visible(e.Name))
	if e.Reason != "" {
		m := notice.Lookup(string(e.Reason))
		return fmt.Sprintf("%s\n    %s %s\n", line, m.Code, m.Ja.What)
	}
	if e.Found > 0 {
		line += fmt.Sprintf("  （取り除いたもの・変えたもの %d / removed or changed）", e.Found)
	}
	return line + "\n"
}
