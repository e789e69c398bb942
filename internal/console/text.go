package console

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

//go:embed text/*.toml
var textFiles embed.FS

// languages are those that every text has, the first one first.
func languages() []string { return []string{"ja", "en"} }

// loadTexts returns a localizer for each language.
func loadTexts() (map[string]*i18n.Localizer, error) {
	bundle := i18n.NewBundle(language.Japanese)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	all := map[string]*i18n.Localizer{}
	for _, l := range languages() {
		names, err := textsOf(l)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if _, err := bundle.LoadMessageFileFS(textFiles, name); err != nil {
				return nil, fmt.Errorf("cannot load texts: %w", err)
			}
		}
		all[l] = i18n.NewLocalizer(bundle, l)
	}
	return all, nil
}

// textsOf names the files with the texts of a language: <topic>.<language>.toml, or <language>.toml for what has no topic.
func textsOf(lang string) ([]string, error) {
	return fs.Glob(textFiles, "text/*"+lang+".toml")
}

// languageCookie holds the language that a person chose.
const languageCookie = "sekisho-lang"

// chosen returns the language of a request: what the person chose, else what the browser asks for, else Japanese.
func chosen(r *http.Request) string {
	if cookie, err := r.Cookie(languageCookie); err == nil && (cookie.Value == "ja" || cookie.Value == "en") {
		return cookie.Value
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return "ja"
	}
	_, i, _ := language.NewMatcher([]language.Tag{language.Japanese, language.English}).Match(tags...)
	return languages()[i]
}

// T returns the text called id in the language of the page. The arguments are names and values in turn; a value called N
// chooses between the forms for one and for many. An id that is not there is a mistake of ours, which a test finds.
func (p *page) T(id string, args ...any) (string, error) {
	config := &i18n.LocalizeConfig{MessageID: id}
	if len(args) > 0 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			data[fmt.Sprint(args[i])] = args[i+1]
		}
		config.TemplateData = data
		if n, ok := data["N"]; ok {
			config.PluralCount = n
		}
	}
	text, err := p.texts.Localize(config)
	if err != nil {
		return "", fmt.Errorf("cannot say %q in %s: %w", id, p.Lang, err)
	}
	return text, nil
}
