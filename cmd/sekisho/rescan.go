package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/config"
	"sekisho/internal/pipeline"
)

func rescanCommand() *cobra.Command {
	var path string
	var far remoteFlags
	var asJSON bool
	var patience time.Duration
	cmd := &cobra.Command{
		Use:   "rescan -c FILE | --console URL --token-file F",
		Short: "保留中と通過後の原本をもう一度検査し、誰に何が届いたかを出す / scan kept originals again: who received what",
		Long: "動いているゲートウェイに頼みます。設定の rescan.held（保留中のもの）か rescan.keep_originals（届けたものも）が要ります。\n" +
			"The running gateway does it; the configuration needs rescan.held, or rescan.keep_originals for what was released.\n" +
			"Exit codes: 0 nothing found, 1 not all could be scanned, 4 something was found.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), patience)
			defer cancel()
			answer, err := askRescan(ctx, path, far)
			if err != nil {
				return err
			}
			return printRescan(cmd.OutOrStdout(), answer, asJSON)
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", "", "設定ファイル / configuration file")
	far.add(cmd)
	cmd.MarkFlagsOneRequired("config", "console")
	cmd.MarkFlagsMutuallyExclusive("config", "console")
	cmd.Flags().BoolVar(&asJSON, "json", false, "JSON で出す / print JSON")
	cmd.Flags().DurationVar(&patience, "wait", time.Hour, "答えを待つ時間 / how long to wait for the answer")
	return cmd
}

// askRescan asks the gateway of this machine, or the one behind a console.
func askRescan(ctx context.Context, path string, far remoteFlags) (answer pipeline.Rescan, err error) {
	if on, err := far.on(); err != nil {
		return answer, err
	} else if on {
		r, err := far.open()
		if err != nil {
			return answer, err
		}
		err = r.call(ctx, http.MethodPost, "/rescan", nil, &answer)
		return answer, err
	}
	g, err := config.LoadGateway(path)
	if err != nil {
		return answer, err
	}
	return pipeline.AskRescan(ctx, g)
}

func printRescan(w io.Writer, r pipeline.Rescan, asJSON bool) error {
	if asJSON {
		if err := printJSON(w, r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "検査 / scanned: %d  検出 / found: %d  答えなし / no answer: %d  開けない / sealed: %d\n", r.Scanned, len(r.Found), r.Unanswered, r.Sealed)
		for _, f := range r.Found {
			when := "保留中 / held"
			if f.Where == "released" {
				when = "届け済み / released " + f.Sent.Local().Format("2006-01-02 15:04")
			}
			fmt.Fprintf(w, "%s  %q  %s  %s: %s  sha256 %s\n", f.Job, f.Place(), when, f.Scanner, f.Signature, f.SHA256)
		}
	}
	switch {
	case len(r.Found) > 0:
		return exit{code: 4}
	case r.Unanswered+r.Sealed > 0:
		return exit{1, fmt.Errorf("%d files could not be scanned", r.Unanswered+r.Sealed)}
	}
	return nil
}
