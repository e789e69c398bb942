package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
)

// todo is one thing that has to be done, in words of ours.
type todo struct {
	Tag              tag
	Text, More, Path string
}

// card is one number of the home page.
type card struct {
	Title, Text, Path string
	Number            int
}

// homePage says what needs action first.
type homePage struct {
	Todo  []todo
	Cards []card
	Chart chart
}

// alarmDays is how long an alarm is told on the home page.
const alarmDays = 7

func (c *Console) home(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	p := c.page(r, "home.title")
	c.told(r, p)
	counts, err := c.index.Counts(r.Context(), scope(a, account.Review))
	if err != nil {
		c.failed(w, r, err)
		return
	}
	now := c.now().In(japan())
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, japan())
	tallies, err := c.index.Tallies(r.Context(), scope(a, account.Review), today.AddDate(0, 0, -13), today.AddDate(0, 0, 1))
	if err != nil {
		c.failed(w, r, err)
		return
	}
	var body homePage
	if body.Todo, err = c.todos(r, p, counts); err != nil {
		c.failed(w, r, err)
		return
	}
	taken := 0
	for _, t := range tallies {
		if t.Day.Equal(today) && t.State != index.NotTaken {
			taken += t.Files
		}
	}
	busy := counts.State[index.Working] + counts.State[index.Sending] + counts.State[index.Treating]
	body.Cards = []card{
		{p.say("home.card.held"), p.say("home.card.see"), "/held", counts.State[index.Held]},
		{p.say("home.card.approvals"), p.say("home.card.see"), "/files?state=requested", counts.State[index.Requested]},
		{p.say("home.card.busy"), p.say("home.card.see"), "/files?state=busy", busy},
		{p.say("home.card.today"), p.say("home.card.see"), "/files?from=" + today.Format("2006-01-02"), taken},
	}
	body.Chart = chartOf(p, tallies, today.AddDate(0, 0, -13), 14)
	p.Body = body
	c.show(w, r, http.StatusOK, "home", p)
}

// todos lists what has to be done, the most pressing first.
func (c *Console) todos(r *http.Request, p *page, counts index.Counts) ([]todo, error) {
	a := sessionOf(r).account
	urgent, soon := tag{p.say("home.urgent"), "bad", "!"}, tag{p.say("home.soon"), "warn", "•"}
	var all []todo
	if chain := c.chain.state(r.Context()); chain.tampered || chain.err != nil {
		all = append(all, todo{urgent, p.say("home.chain"), p.say("home.chain.more"), "/audit"})
	}
	if a.Can(account.Status, "") {
		var ill []string
		for _, check := range c.gateway.Status(r.Context()).Checks {
			if !check.OK {
				ill = append(ill, checkName(p, check))
			}
		}
		if len(ill) > 0 {
			all = append(all, todo{urgent, p.say("home.check", "What", strings.Join(ill, p.say("comma"))), "", "/status"})
		}
	}
	if n := counts.Blocked; n > 0 {
		all = append(all, todo{urgent, p.say("home.blocked", "N", n), p.say("home.blocked.more"), "/files?state=blocked"})
	}
	if n := counts.State[index.Requested]; n > 0 && a.Can(account.Approve, "") {
		all = append(all, todo{soon, p.say("home.approvals", "N", n), "", "/approvals"})
	}
	if n := counts.State[index.Held] - counts.Blocked; n > 0 {
		all = append(all, todo{soon, p.say("home.held", "N", n), "", "/held"})
	}
	if a.Can(account.Record, "") {
		alarms, err := c.index.Search(r.Context(), index.Query{Kinds: []audit.Kind{audit.Alarm}, From: c.now().AddDate(0, 0, -alarmDays)}, "", index.MaxPage)
		if err != nil {
			return nil, err
		}
		if n := len(alarms.Lines); n > 0 {
			all = append(all, todo{soon, p.say("home.alarm", "N", n), "", "/audit?kind=alarm"})
		}
	}
	return all, nil
}

// chart is a bar chart with the same data as a table.
type chart struct {
	Title         string
	Width, Height int
	Bars          []bar
	Labels        []label
	Heads         []string
	Rows          [][]string
}

type bar struct {
	X, Y, W, H int
	Bad        bool
}

type label struct {
	X, Y int
	Text string
}

// The measures of a chart, in its own units.
const (
	chartHeight, chartFoot, barWidth, barGap = 160, 20, 28, 12
)

// chartOf draws how many files came on each of days days, those that were held or blocked on top of the others.
func chartOf(p *page, tallies []index.Tally, from time.Time, days int) chart {
	clean, bad := make([]int, days), make([]int, days)
	most := 0
	for _, t := range tallies {
		i := int(t.Day.Sub(from) / (24 * time.Hour))
		if i < 0 || i >= days || t.State == index.NotTaken {
			continue
		}
		if t.State == index.Sent || t.State == index.Working || t.State == index.Sending {
			clean[i] += t.Files
		} else {
			bad[i] += t.Files
		}
		most = max(most, clean[i]+bad[i])
	}
	ch := chart{
		Title: p.say("home.chart"), Width: days * (barWidth + barGap), Height: chartHeight + chartFoot,
		Heads: []string{p.say("chart.day"), p.say("chart.clean"), p.say("chart.held")},
	}
	if most == 0 {
		return ch
	}
	for i := range days {
		day := from.AddDate(0, 0, i)
		x := i*(barWidth+barGap) + barGap/2
		high, top := clean[i]*(chartHeight-4)/most, bad[i]*(chartHeight-4)/most
		ch.Bars = append(ch.Bars, bar{X: x, Y: chartHeight - high, W: barWidth, H: high}, bar{X: x, Y: chartHeight - high - top, W: barWidth, H: top, Bad: true})
		ch.Labels = append(ch.Labels, label{X: x + barWidth/2, Y: chartHeight + 14, Text: fmt.Sprint(day.Day())})
		ch.Rows = append(ch.Rows, []string{day.Format("2006-01-02"), strconv.Itoa(clean[i]), strconv.Itoa(bad[i])})
	}
	return ch
}
