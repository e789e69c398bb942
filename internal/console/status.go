package console

import (
	"net/http"
	"strconv"
)

// checkView is one thing that must be well.
type checkView struct {
	Tag               tag
	Title, Text, More string
}

// figureView is one number.
type figureView struct{ Title, Text string }

func (c *Console) status(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "status.title")
	s := c.gateway.Status(r.Context())
	chain := c.chain.state(r.Context())
	record := Check{Name: "record", OK: !chain.tampered && chain.err == nil}
	if chain.err != nil {
		record.Detail = chain.err.Error()
	}
	var body struct {
		Checks  []checkView
		Figures []figureView
	}
	for _, check := range append(s.Checks, record, c.certificateCheck(p)) {
		v := checkView{tag{p.say("status.good"), "good", "✓"}, checkName(p, check), p.say("status.well"), check.Detail}
		if !check.OK {
			v.Tag, v.Text = tag{p.say("status.bad"), "bad", "×"}, p.say("status.ill")
		}
		body.Checks = append(body.Checks, v)
	}
	for _, f := range s.Figures {
		text := strconv.FormatFloat(f.Value, 'f', 0, 64)
		switch f.Unit {
		case "bytes":
			text = bytesText(int64(f.Value))
		case "seconds":
			text = p.say("status.seconds", "N", int(f.Value))
		}
		body.Figures = append(body.Figures, figureView{p.say("status.figure." + f.Name), text})
	}
	p.Body = body
	c.show(w, r, http.StatusOK, "status", p)
}

// certificateWarn is the rest of a certificate's life, in days, below which it is not well.
const certificateWarn = 14

// certificateCheck says how long the console's certificate lasts.
func (c *Console) certificateCheck(p *page) Check {
	until := c.until.Load()
	if until == 0 {
		return Check{Name: "certificate", OK: true}
	}
	days := int((until - c.now().Unix()) / (24 * 60 * 60))
	return Check{Name: "certificate", OK: days >= certificateWarn, Detail: p.say("status.days", "N", days)}
}

// checkName says what a check is about.
func checkName(p *page, check Check) string {
	if text, err := p.T("status.check." + check.Name); err == nil {
		return text
	}
	return check.Name
}
