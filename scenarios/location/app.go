package location

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/kinesis"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/offers"
)

// AppConfig sets an App's limits; zero fields take defaults.
type AppConfig struct {
	WaitMax      time.Duration // a browser is told to come back after; 0 means 30s
	WaitingMax   int           // signups without an offer yet, and responses that wait; 0 means 10,000
	KeptBytesMax int           // delivered offers kept for replay, at most WaitMax long; 0 means 16 MiB
	StopMax      time.Duration // what waits at a stop is served for so long; 0 means 5s
}

func (c AppConfig) withDefaults() AppConfig {
	c.WaitMax = cmp.Or(c.WaitMax, longestWait)
	c.WaitingMax = cmp.Or(c.WaitingMax, 10_000)
	c.KeptBytesMax = cmp.Or(c.KeptBytesMax, 16<<20)
	c.StopMax = cmp.Or(c.StopMax, 5*time.Second)
	return c
}

// App is the scenario's web application: it takes signups, puts them on
// location-signups, and pushes the offers that come back on location-offers to
// the browsers that wait for them.
//
// A signup is accepted once Kinesis has acknowledged it; from there on it is
// never lost. A browser gets its offer once per connection, whatever the
// streams repeat: the app removes duplicates by signup id. It keeps no state
// beyond memory: restarted, it reads the offers of the last WaitMax again, so a
// browser that reconnects gets its offer. Where that breaks: an offer that was
// pushed out of the replay memory (KeptBytesMax) and a browser that comes back
// later than WaitMax find nothing, and sign up again.
type App struct {
	env      scenario.Env
	cfg      AppConfig
	log      *slog.Logger
	producer *kinesis.Producer
	consumer *kinesis.Consumer
	desk     *desk
	live     *hub
	figures  *figures
	legend   []byte
	ready    chan struct{}
}

// NewApp builds an App that works under the role "app" and starts nothing.
func NewApp(env scenario.Env, cfg AppConfig) (*App, error) {
	cfg = cfg.withDefaults()
	a := &App{
		env: env, cfg: cfg, log: env.Log, figures: &figures{}, ready: make(chan struct{}),
		desk: newDesk(env.Wall, cfg.WaitMax, cfg.WaitingMax, cfg.KeptBytesMax),
		live: newHub(env.Wall),
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if a.legend, err = offers.Legend(); err != nil {
		return nil, err
	}
	client := awskinesis.NewFromConfig(env.AWS(componentApp))
	producer := kinesis.ProducerConfig{
		Stream: SignupsStream, RecordTTL: cfg.WaitMax, BufferRecordsMax: cfg.WaitingMax, Clock: env.Wall,
	}
	if env.Settings[settingAggregation] == switchOn {
		producer.Aggregation.On, producer.LingerMax = true, companyMax
	}
	a.producer, err = kinesis.NewProducer(client, producer)
	if err != nil {
		return nil, err
	}
	a.consumer, err = kinesis.NewConsumer(client, kinesis.ConsumerConfig{
		Stream: OffersStream, ConsumerName: AppReader, Clock: env.Wall, Logger: a.log,
		Start: kinesis.Position{Type: kinesis.AtTimestamp, Timestamp: env.Wall.Now().Add(-cfg.WaitMax)},
	}, a.deliver)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Ready waits until the app listens.
func (a *App) Ready(ctx context.Context) error {
	select {
	case <-a.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run serves until ctx ends. Then it takes no more signups, lets those that
// wait have their offers for at most StopMax, and stops reading and writing.
func (a *App) Run(ctx context.Context) error {
	listener, err := a.env.Listen(componentApp)
	if err != nil {
		return fmt.Errorf("listen for the app: %w", err)
	}
	// The clients outlive ctx: what is in the app when it ends still needs them.
	clients, stopClients := context.WithCancel(context.WithoutCancel(ctx))
	defer stopClients()
	server := &http.Server{
		Handler:           a.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return a.producer.Run(clients) })
	group.Go(func() error { return a.consumer.Run(clients) })
	group.Go(func() error { return a.desk.expire(clients) })
	group.Go(func() error { return a.report(clients) })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the app: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-failed.Done()
		defer stopClients()
		a.live.close()
		limit, cancel := context.WithTimeout(clients, a.cfg.StopMax)
		defer cancel()
		if server.Shutdown(limit) != nil {
			return server.Close() // whoever still waits reconnects elsewhere or later
		}
		return nil
	})
	close(a.ready)
	return group.Wait()
}

// deliver hands the offers of one batch to whoever waits for them.
func (a *App) deliver(_ context.Context, batch kinesis.Batch) error {
	for _, record := range batch.Records {
		var envelope struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(record.Data, &envelope); err != nil || envelope.ID == "" {
			a.figures.unreadable.Add(1)
			a.log.Warn("a record on the offers stream is no offer", "shard", batch.ShardID, "sequence", record.SequenceNumber)
			continue
		}
		if a.desk.answer(envelope.ID, record.Data) {
			a.live.offer(record.Data)
		} else {
			a.figures.duplicates.Add(1)
		}
	}
	return nil
}
