package console

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// contentPolicy is what a page of ours may load and do (CSP Level 3): only what this server sends, no inline script or style.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// The bounds of one request. A drop of files and live rows set their own as they go.
const (
	headerTime = 10 * time.Second
	readTime   = 30 * time.Second
	writeTime  = 60 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 16 << 10 // bytes
	maxForm    = 1 << 20  // bytes of a form without files
)

// guard sets what every answer carries, and bounds what a request may bring.
func (c *Console) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
			h.Set("Allow", "GET, HEAD, POST")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		if len(r.URL.RequestURI()) > 4096 {
			http.Error(w, "the address is too long", http.StatusRequestURITooLong)
			return
		}
		if !takesFiles(r) {
			if r.ContentLength > maxForm {
				h.Set("Connection", "close")
				http.Error(w, "too large", http.StatusRequestEntityTooLarge)
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		next.ServeHTTP(w, r)
	})
}

// programPath is the address at which a program hands a file in.
const programPath = "/api/v1/files"

// takesFiles reports whether a request is a drop of files, which has bounds of its own.
func takesFiles(r *http.Request) bool {
	return r.Method == http.MethodPost && (r.URL.Path == dropPath || r.URL.Path == tryPath || r.URL.Path == programPath)
}

// patient gives a program that hands a file in time as long as bytes come.
func patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if takesFiles(r) {
			r.Body = struct {
				io.Reader
				io.Closer
			}{&patientReader{r: r.Body, control: http.NewResponseController(w)}, r.Body}
		}
		next.ServeHTTP(w, r)
	})
}

// static serves the style and the script. Their addresses carry the hash of their content, so that they may be kept.
func (c *Console) static(w http.ResponseWriter, r *http.Request) {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/static/"), "/")
	asset, ok := c.assets[name]
	if !ok || asset.hash != hash {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", asset.kind)
	w.Write(asset.data) // a browser that went away misses nothing
}
