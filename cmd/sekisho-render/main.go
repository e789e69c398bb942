// Command sekisho-render does what sekisho-child does, with PDFium for PDF: it sets damaged files right, decodes pictures
// in JPX and JBIG2, and draws pages. It is larger and slower to start, and is asked when sekisho-child could not do it.
//
//	sekisho-render warm DIR                     compiles PDFium into DIR, once at installation; takes seconds
//	sekisho-render [...] cache=DIR [fonts=DIR]  a child of a worker pool; of no use by hand
//
// What is in DIR is run: nobody must be able to write there who may not replace this program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"sekisho/internal/preview"
	"sekisho/internal/worker/child"
	"sekisho/internal/worker/sandbox"
	"sekisho/sanitize"
	"sekisho/sanitize/formats"
	"sekisho/sanitize/identify"
	"sekisho/sanitize/name"
	"sekisho/sanitize/pdf"
	"sekisho/sanitize/pdf/pdfium"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/judges"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sekisho-render:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "warm" {
		return warm(args[1])
	}
	s := settingsOf(args)
	program := child.Program{Enter: sandbox.Enter, Services: s.services, Reads: []string{s.cache, s.fonts}}
	return program.Run(args)
}

// services loads all that is outside the sandbox, and makes the work.
func (s settings) services() (child.Services, error) {
	if s.cache == "" {
		return child.Services{}, errors.New("no cache of compiled code: give cache=DIR, made by sekisho-render warm DIR")
	}
	fonts, err := mapFonts(s.fonts)
	if err != nil {
		return child.Services{}, err
	}
	draws, err := pdfium.New(pdfium.Options{Cache: s.cache, Fonts: fonts})
	if err != nil {
		return child.Services{}, fmt.Errorf("%w; the cache is made by sekisho-render warm %s", err, s.cache)
	}
	engine, err := sanitize.NewEngine(formatsWith(draws), sanitize.Naming{
		Kind: identify.Kind, Other: identify.Other, Hazard: name.Hazard, Malware: identify.Malware,
	})
	if err != nil {
		return child.Services{}, err
	}
	set, err := verify.New(judges.All()...)
	if err != nil {
		return child.Services{}, err
	}
	return child.Services{
		Rebuild: engine.Rebuild,
		Identify: func(in sanitize.Input, untrustedName string) (string, error) {
			info, err := engine.Identify(in, untrustedName)
			return info.ID, err
		},
		Draw: func(ctx context.Context, job sanitize.Job, out io.Writer) (string, error) {
			return preview.Draw(ctx, draws, job, out)
		},
		Verify: set.Judge,
	}, nil
}

// formatsWith returns every format, PDF with an engine.
func formatsWith(engine pdf.Engine) []sanitize.Format {
	list := formats.All()
	for i, f := range list {
		if _, ok := f.(pdf.Format); ok {
			list[i] = pdf.Format{Engine: engine}
		}
	}
	return list
}
