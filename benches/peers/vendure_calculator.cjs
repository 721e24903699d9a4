// Vendure's own OrderCalculator over carts on standard input, without a server: its services for zones,
// tax rates and shipping are answered from memory (one zone, no tax, no shipping), its entities, promotion
// action, conditions and rounding are its own. Input and output as benches/promotion_peers.py says.
'use strict';
const { createRequire } = require('node:module');
const load = createRequire(`${process.argv[2]}/package.json`);
const core = load('@vendure/core');
const { OrderCalculator } = load('@vendure/core/dist/service/helpers/order-calculator/order-calculator.js');

const asked = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
core.ensureConfigLoaded && core.ensureConfigLoaded();
const action = core.defaultPromotionActions.find((one) => one.code === 'products_percentage_discount');
const promotion = new core.Promotion({
  id: 1,
  name: 'tenth',
  conditions: [],
  actions: [
    {
      code: action.code,
      args: [
        { name: 'discount', value: String(asked.percent) },
        { name: 'productVariantIds', value: JSON.stringify(asked.items.map(String)) },
      ],
    },
  ],
  promotionConditions: [],
  promotionActions: [action],
});
const zone = { id: 1, name: 'here', members: [] };
const config = {
  taxOptions: {
    taxZoneStrategy: { determineTaxZone: () => zone },
    taxLineCalculationStrategy: { calculate: () => [{ description: 'none', taxRate: 0 }] },
    orderTaxCalculationStrategy: core.defaultConfig.taxOptions.orderTaxCalculationStrategy,
  },
  orderOptions: {},
};
const calculator = new OrderCalculator(
  config,
  { getAllWithMembers: async () => [zone] },
  { getApplicableTaxRate: async () => ({ value: 0 }) },
  {},
  {},
  { get: async (_, __, make) => make() },
);
const ctx = { channelId: 1, channel: { pricesIncludeTax: true, defaultCurrencyCode: 'EUR' }, languageCode: 'en' };

function orderOf(rows) {
  const lines = rows.map(
    ([item, minor], at) =>
      new core.OrderLine({
        id: at + 1,
        quantity: 1,
        orderPlacedQuantity: 0,
        listPrice: minor,
        listPriceIncludesTax: true,
        taxLines: [{ description: 'none', taxRate: 0 }],
        adjustments: [],
        taxCategoryId: 1,
        productVariant: { id: String(item) },
      }),
  );
  return new core.Order({ id: 1, lines, surcharges: [], shippingLines: [], couponCodes: [], taxZoneId: 1, currencyCode: 'EUR' });
}

(async () => {
  let orders = [];
  let best = Infinity;
  for (let round = 0; round < asked.rounds; round += 1) {
    // New orders: what was taxed before would not be taxed again.
    orders = asked.carts.map(orderOf);
    const began = process.hrtime.bigint();
    for (const order of orders) await calculator.applyPriceAdjustments(ctx, order, [promotion], [], { recalculateShipping: false });
    best = Math.min(best, Number(process.hrtime.bigint() - began));
  }
  const version = load('@vendure/core/package.json').version;
  process.stdout.write(JSON.stringify({ version, totals: orders.map((order) => order.totalWithTax), ns: best / orders.length }));
  process.exit(0);
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
