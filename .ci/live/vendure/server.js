// The real Vendure shop of the live test, on loopback, with nothing but the core.
// Environment: PORT, DB (path of the SQLite file), ADMIN_USER, ADMIN_PASSWORD, COOKIE_SECRET; NODE_PATH leads to @vendure/core.
const { bootstrap, dummyPaymentHandler, DefaultLogger, LogLevel } = require('@vendure/core');

const { PORT, DB, ADMIN_USER, ADMIN_PASSWORD, COOKIE_SECRET } = process.env;

bootstrap({
  apiOptions: { hostname: '127.0.0.1', port: Number(PORT), adminApiPath: 'admin-api', shopApiPath: 'shop-api', adminListQueryLimit: 1000 },
  authOptions: {
    tokenMethod: ['bearer', 'api-key'],
    superadminCredentials: { identifier: ADMIN_USER, password: ADMIN_PASSWORD },
    cookieOptions: { secret: COOKIE_SECRET },
  },
  dbConnectionOptions: { type: 'better-sqlite3', database: DB, synchronize: true, logging: false },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: false }),
  plugins: [],
}).catch((error) => {
  console.error(error);
  process.exit(1);
});
