package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/config"
	"sekisho/internal/office"
	"sekisho/internal/pipeline"
	"sekisho/internal/worker"
	"sekisho/sanitize/scan/clamd"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "設定 / configuration", Args: cobra.NoArgs}
	var path string
	check := &cobra.Command{
		Use:   "check -c FILE",
		Short: "設定ファイルを確かめる / check a configuration file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := config.LoadGateway(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "設定に誤りはありません / the configuration is good: %d route(s), %d scanner(s)\n", len(g.Routes), len(g.Scanners))
			if len(g.Scanners) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "注意: ウイルススキャナーが設定されていません / note: no virus scanner is configured")
			}
			return nil
		},
	}
	configFlag(check, &path)
	cmd.AddCommand(check)
	return cmd
}

// configFlag adds the -c flag that names a configuration file, which must be given.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "", "設定ファイル / configuration file")
	cmd.MarkFlagRequired("config") // fails only for a flag that does not exist
}

// probe is one thing that doctor looks at.
type probe struct {
	name string
	ok   bool
	text string
}

func doctorCommand(logs *slog.Logger) *cobra.Command {
	var path, child string
	cmd := &cobra.Command{
		Use:   "doctor [-c FILE]",
		Short: "実際に動かして点検 / live probes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			probes, err := containment(cmd.Context(), child)
			if err != nil {
				return err
			}
			if path != "" {
				more, err := surroundings(cmd.Context(), path)
				if err != nil {
					return err
				}
				probes = append(probes, more...)
			}
			return printProbes(cmd.OutOrStdout(), probes)
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", "", "設定ファイル / configuration file")
	cmd.Flags().StringVar(&child, "child", "", "sekisho-child の場所 / path of sekisho-child")
	return cmd
}

func printProbes(w io.Writer, probes []probe) error {
	bad := 0
	for _, p := range probes {
		mark := "良 ok  "
		if !p.ok {
			mark, bad = "否 FAIL", bad+1
		}
		fmt.Fprintf(w, "%s  %-18s %s\n", mark, p.name, p.text)
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d probes failed", bad, len(probes))
	}
	return nil
}

// containment starts a child that tries each layer of its sandbox.
func containment(ctx context.Context, given string) ([]probe, error) {
	child, err := childPath(given)
	if err != nil {
		return nil, err
	}
	layers, err := worker.Layers(ctx, child)
	if err != nil {
		return nil, err
	}
	var all []probe
	for _, l := range layers {
		all = append(all, probe{"隔離 " + l.Name, l.Holds, l.Evidence})
	}
	return all, nil
}

// taken says how far the gateway has seen a canary.
func taken(at time.Time) string {
	if at.IsZero() {
		return "受信側はまだ受け取っていません / the receiver has taken none yet"
	}
	return "受信側が受け取った時刻 / taken by the receiver at " + at.Format(time.RFC3339) + "; フォルダに出たかは受信側の /readyz / released: see the receiver's /readyz"
}

// surroundings looks at what a configuration names: folders and scanners.
func surroundings(ctx context.Context, path string) ([]probe, error) {
	g, err := config.LoadGateway(path)
	if err != nil {
		return nil, err
	}
	var all []probe
	for _, r := range g.Routes {
		all = append(all, result("受付 "+r.Name, pipeline.TryInbox(r), r.Inbox))
	}
	if g.Canary.Every > 0 {
		arrived, err := pipeline.CheckCanary(g)
		all = append(all, result("試験 canary", err, taken(arrived)))
	}
	if len(g.LibreOffice.Types) > 0 {
		engine, err := office.New(ctx, office.Options{Types: g.LibreOffice.Types, Timeout: time.Minute, Memory: int64(g.LibreOffice.Memory), Output: 1 << 20})
		text := ""
		if err == nil {
			text = engine.Try(ctx)[0].Evidence
		}
		all = append(all, result("隔離 libreoffice", err, text))
	}
	scanners, err := pipeline.Scanners(g)
	if err != nil {
		return nil, err
	}
	for _, s := range scanners {
		c, ok := s.(*clamd.Client)
		if !ok {
			continue
		}
		v, err := c.Version(ctx)
		all = append(all, result("検査 "+s.Name(), err, fmt.Sprintf("%s, signatures %s of %s", v.Engine, v.Signatures, v.At.Format("2006-01-02"))))
	}
	return all, nil
}

func result(name string, err error, text string) probe {
	if err != nil {
		return probe{name, false, err.Error()}
	}
	return probe{name, true, text}
}
