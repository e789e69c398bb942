package pdfium

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"

	pdfium "github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf"
)

// DefaultMemory is what the guest may use when Options say nothing, in bytes.
const DefaultMemory = 1 << 30

// wasmPage is the unit of WebAssembly memory, in bytes.
const wasmPage = 64 << 10

// Options say how an Engine works.
type Options struct {
	Cache  string            // folder of compiled code; "" compiles every time, which takes seconds
	Fonts  map[string][]byte // by file name (ipag.ttf): for text whose font is not in the file
	Memory int64             // of the guest, in bytes; 0 means DefaultMemory
}

// Engine is PDFium. Calls from several goroutines are done one after the other.
type Engine struct {
	cache wazero.CompilationCache
	pool  pdfium.Pool

	mu    sync.Mutex
	guest pdfium.Pdfium // nil after a trap
}

var _ pdf.Engine = (*Engine)(nil)

// New compiles PDFium, or loads it compiled from the cache, and starts a guest. Code in the cache is run: the folder must
// not be writable by anybody who may not replace the program itself.
func New(o Options) (*Engine, error) {
	e := &Engine{}
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(uint32(orDefault(o.Memory, DefaultMemory) / wasmPage))
	if o.Cache != "" {
		cache, err := wazero.NewCompilationCacheWithDir(o.Cache)
		if err != nil {
			return nil, fmt.Errorf("cannot open cache of compiled code: %w", err)
		}
		e.cache, config = cache, config.WithCompilationCache(cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		MaxTotal: 2, MaxIdle: 2, // a document of many pages is drawn by two
		RuntimeConfig: config,
		FSConfig:      wazero.NewFSConfig().WithFSMount(guestFiles(o.Fonts), "/"),
		Stdout:        io.Discard, Stderr: io.Discard, RandomSource: noRandomness{},
	})
	if err != nil {
		e.Close()
		return nil, fmt.Errorf("cannot start PDFium: %w", err)
	}
	e.pool = pool
	if err := e.start(context.Background()); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func orDefault(n, otherwise int64) int64 {
	if n <= 0 {
		return otherwise
	}
	return n
}

// noRandomness gives every guest the same bytes, every time: what PDFium makes of a file depends on the file alone.
type noRandomness struct{}

func (noRandomness) Read(b []byte) (int, error) { return rand.NewChaCha8([32]byte{}).Read(b) }

// Close ends the guest and gives back the memory of the compiled code.
func (e *Engine) Close() error {
	var errs []error
	if e.pool != nil {
		errs = append(errs, e.pool.Close())
	}
	if e.cache != nil {
		errs = append(errs, e.cache.Close(context.Background()))
	}
	return errors.Join(errs...)
}

// start makes a guest.
func (e *Engine) start(ctx context.Context) error {
	guest, err := e.pool.GetInstanceWithContext(ctx)
	if err != nil {
		return fmt.Errorf("cannot start PDFium: %w", err)
	}
	e.guest = guest
	return nil
}

// do runs f with the guest. After an error of f the guest is thrown away: it may have trapped, and what it holds is not
// known.
func (e *Engine) do(ctx context.Context, f func(pdfium.Pdfium) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.guest == nil {
		if err := e.start(ctx); err != nil {
			return err
		}
	}
	err := f(e.guest)
	if err != nil {
		e.guest.Close()
		e.guest = nil
	}
	return err
}

// open opens a document: with no password, then with each that was given.
func open(guest pdfium.Pdfium, data []byte, passwords []string) (references.FPDF_DOCUMENT, error) {
	doc, err := guest.OpenDocument(&requests.OpenDocument{File: &data})
	for _, p := range passwords {
		if !errors.Is(err, pdfiumerrors.ErrPassword) {
			break
		}
		doc, err = guest.OpenDocument(&requests.OpenDocument{File: &data, Password: &p})
	}
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword):
		return "", fmt.Errorf("%w: PDFium: %w", sanitize.ErrEncrypted, err)
	case err != nil:
		return "", malformed("open document", err)
	}
	return doc.Document, nil
}

// malformed says that the guest could not do something with a file.
func malformed(what string, err error) error {
	return fmt.Errorf("%w: PDFium cannot %s: %w", sanitize.ErrMalformed, what, err)
}
