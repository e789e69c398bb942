package console

import (
	"fmt"
	"time"
)

// japan is Japan's time, which knows no summer time and so needs no table.
func japan() *time.Location { return time.FixedZone("JST", 9*60*60) }

// when writes a moment for people.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(japan()).Format("2006-01-02 15:04")
}

// reiwa is the first year of the era 令和, which began on 1 May 2019.
const reiwa = 2019

// eraMonth writes a month in the Japanese era, and months before it by the Western year.
func eraMonth(p *page, year int, month time.Month) string {
	switch {
	case year < reiwa || year == reiwa && month < time.May:
		return p.say("month.western", "Year", year, "Month", int(month))
	case year == reiwa:
		return p.say("month.era.first", "Month", int(month))
	}
	return p.say("month.era", "Year", year-reiwa+1, "Month", int(month))
}

// fiscalYear returns the fiscal year (年度) that a moment is in: from 1 April on, in Japan.
func fiscalYear(t time.Time) int {
	t = t.In(japan())
	if t.Month() < time.April {
		return t.Year() - 1
	}
	return t.Year()
}

// fiscalPeriod returns the moments that a fiscal year begins and ends at.
func fiscalPeriod(year int) (from, to time.Time) {
	return time.Date(year, time.April, 1, 0, 0, 0, 0, japan()), time.Date(year+1, time.April, 1, 0, 0, 0, 0, japan())
}

// fiscalName writes a fiscal year: 令和8年度 (2026).
func fiscalName(lang string, year int) string {
	if lang != "ja" || year < reiwa {
		return fmt.Sprint(year)
	}
	if year == reiwa {
		return fmt.Sprintf("令和元年度 (%d)", year)
	}
	return fmt.Sprintf("令和%d年度 (%d)", year-reiwa+1, year)
}

// day reads a date of a form as the moment that the day begins at in Japan.
func day(text string) (time.Time, bool) {
	t, err := time.ParseInLocation("2006-01-02", text, japan())
	return t, err == nil
}
