package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/pipeline"
)

// consoleCommand is what who has the machine may do about the console.
func consoleCommand() *cobra.Command {
	var state stateFlags
	cmd := &cobra.Command{Use: "console", Short: "画面（コンソール）の管理 / care of the console", Args: cobra.NoArgs}
	state.add(cmd)
	cmd.AddCommand(reindexCommand(&state), tokenCommand(&state))
	return cmd
}

func reindexCommand(state *stateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "reindex -c FILE",
		Short: "一覧の索引を記録から作り直す / make the index of the lists anew from the record",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := state.gateway()
			if err != nil {
				return err
			}
			record, err := pipeline.OpenRecordFolder(g, false)
			if err != nil {
				return fmt.Errorf("cannot open the record: %w", err)
			}
			defer record.Close()
			x, err := index.Open(cmd.Context(), g.Console.State, index.Options{
				Record: record, Log: pipeline.RecordName, Office: g.OfficeOf, Hidden: config.CanaryRoute,
			})
			if err != nil {
				return err
			}
			defer x.Close()
			if err := x.Rebuild(cmd.Context()); err != nil {
				return err
			}
			seq, broken, err := x.Reached(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "索引を作り直しました / the index is made anew: %d entries\n", seq)
			if broken > 0 {
				return fmt.Errorf("読めない行が記録に %d あります。sekisho audit verify で確かめてください / %d lines of the record cannot be read", broken, broken)
			}
			return nil
		},
	}
}

func tokenCommand(state *stateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "token -c FILE",
		Short: "新しい管理者を作る合言葉（1回限り、24時間） / a token that makes a new administrator, once, within a day",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := state.gateway()
			if err != nil {
				return err
			}
			accounts, err := account.Open(cmd.Context(), g.Console.State, account.Options{Record: pipeline.Recorder(g)})
			if err != nil {
				return err
			}
			defer accounts.Close()
			token, err := accounts.RescueToken(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "画面の /setup で使ってください / use it on the page /setup of the console:\n%s\n", token)
			return nil
		},
	}
}
