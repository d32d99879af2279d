package location

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// mapping connects the signups to the function: a mapping on the wanted source
// is kept or brought up to date, one on another source is replaced.
func (p *provisioner) mapping(ctx context.Context, stream, queue string) error {
	source := stream
	if p.env.Settings[settingReader] != readerShared {
		arn, err := p.consumer(ctx, stream, MappingReader)
		if err != nil {
			return err
		}
		source = arn
	}
	id, replaced, err := p.findMapping(ctx, stream, source)
	if err != nil {
		return err
	}
	if id == "" {
		if id, err = p.createMapping(ctx, source, queue, replaced); err != nil {
			return err
		}
	} else if err := p.updateMapping(ctx, id, queue); err != nil {
		return err
	}
	err = p.wait(ctx, "the mapping of "+FunctionName+" to be enabled", func() (bool, error) {
		out, err := p.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &id})
		if err != nil {
			return false, err
		}
		return aws.ToString(out.State) == "Enabled", nil
	})
	if err != nil || source != stream {
		return err
	}
	return p.forget(ctx, stream, MappingReader)
}

// findMapping looks for a mapping on source and deletes those on another
// reader of the same stream.
func (p *provisioner) findMapping(ctx context.Context, stream, source string) (id string, replaced bool, err error) {
	pages := lambda.NewListEventSourceMappingsPaginator(p.lambda,
		&lambda.ListEventSourceMappingsInput{FunctionName: aws.String(FunctionName)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", false, fmt.Errorf("list mappings of %s: %w", FunctionName, err)
		}
		for _, m := range page.EventSourceMappings {
			switch arn := aws.ToString(m.EventSourceArn); {
			case aws.ToString(m.State) == "Deleting":
			case arn == source:
				id = aws.ToString(m.UUID)
			case arn == stream || strings.HasPrefix(arn, stream+"/"):
				replaced = true
				if err := p.deleteMapping(ctx, aws.ToString(m.UUID)); err != nil {
					return "", false, err
				}
			}
		}
	}
	return id, replaced, nil
}

func (p *provisioner) deleteMapping(ctx context.Context, id string) error {
	if _, err := p.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: &id}); err != nil {
		return fmt.Errorf("delete mapping %s: %w", id, err)
	}
	return p.wait(ctx, "mapping "+id+" to be gone", func() (bool, error) {
		_, err := p.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &id})
		var gone *types.ResourceNotFoundException
		if errors.As(err, &gone) {
			return true, nil
		}
		return false, err
	})
}

const (
	mappingBatchRecords = 500 // what one PutRecords call publishes
	mappingRetries      = 3
	// mappingOverlap is how far a mapping that replaces another reads back:
	// those signups are answered twice rather than never.
	mappingOverlap = time.Minute
)

// createMapping starts a first mapping at the stream's beginning, so that a
// signup put before the mapping works is not lost.
func (p *provisioner) createMapping(ctx context.Context, source, queue string, replaces bool) (id string, err error) {
	in := &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String(FunctionName), EventSourceArn: &source,
		StartingPosition:               types.EventSourcePositionTrimHorizon,
		BatchSize:                      aws.Int32(mappingBatchRecords),
		MaximumBatchingWindowInSeconds: aws.Int32(0),
		BisectBatchOnFunctionError:     aws.Bool(true),
		MaximumRetryAttempts:           aws.Int32(mappingRetries),
		FunctionResponseTypes:          []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
		DestinationConfig:              &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: &queue}},
	}
	if replaces {
		in.StartingPosition = types.EventSourcePositionAtTimestamp
		in.StartingPositionTimestamp = aws.Time(p.wall.Now().Add(-mappingOverlap))
	}
	err = p.settleRole(ctx, func() error {
		out, err := p.lambda.CreateEventSourceMapping(ctx, in)
		if err == nil {
			id = aws.ToString(out.UUID)
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("map %s to function %s: %w", source, FunctionName, err)
	}
	return id, nil
}

// updateMapping brings an older mapping to what createMapping would make.
func (p *provisioner) updateMapping(ctx context.Context, id, queue string) error {
	have, err := p.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &id})
	if err != nil {
		return fmt.Errorf("look at mapping %s: %w", id, err)
	}
	destination := ""
	if d := have.DestinationConfig; d != nil && d.OnFailure != nil {
		destination = aws.ToString(d.OnFailure.Destination)
	}
	if aws.ToInt32(have.BatchSize) == mappingBatchRecords && aws.ToInt32(have.MaximumRetryAttempts) == mappingRetries &&
		aws.ToBool(have.BisectBatchOnFunctionError) && destination == queue && aws.ToString(have.State) == "Enabled" {
		return nil
	}
	_, err = p.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{
		UUID: &id, Enabled: aws.Bool(true),
		BatchSize: aws.Int32(mappingBatchRecords), MaximumRetryAttempts: aws.Int32(mappingRetries),
		BisectBatchOnFunctionError: aws.Bool(true),
		FunctionResponseTypes:      []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
		DestinationConfig:          &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: &queue}},
	})
	if err != nil {
		return fmt.Errorf("update mapping %s: %w", id, err)
	}
	return nil
}
