// Generated from the store's own classes by `python tools/schemas.py`. Do not edit: change the
// class, and generate again. Amounts are in minor units, quantities in thousandths, unit prices in
// millionths of the major unit, moments in nanoseconds since 1970.

export const VERSION = 1 as const;

/**
 * Who pays out what terminals took, and what providers of payments by link did. `terminals`
 * and `providers` are addresses. Naming neither, it has every terminal that no other acquirer
 * has; a provider's takings are only with whoever names it. `since` is the first business
 * date, ISO, whose payments its files are held against; of two that have one terminal or
 * provider it is the later one's from then on. What they do not have `days` days after it was
 * taken is missing.
 */
export interface AcquirerInput {
  id: string;
  name: string;
  terminals?: string[];
  days?: number;
  rates?: RateInput[];
  since?: string;
  providers?: string[];
}

/**
 * The clearing account of an acquirer since the store's first card payment. `clearing_minor`
 * is captured less cleared: `waiting_minor` is not due yet, the rest is in items. `held_minor`
 * is what files say is cleared, less fees and payouts: with the acquirer still. `overdue_day`
 * is the last business date that should be settled by now, `item_count` how many of its items
 * are for a person.
 */
export interface AcquirerView {
  acquirer: string;
  name: string;
  captured_minor: number;
  cleared_minor: number;
  clearing_minor: number;
  waiting_minor: number;
  fee_expected_minor: number;
  fee_charged_minor: number;
  paid_out_minor: number;
  other_minor: number;
  held_minor: number;
  overdue_day: string;
  item_count: number;
}

/**
 * One fact in a person's log. `fact` is its name without version, `subject` what it was about;
 * of a card payment its kind, and where it stands once the terminal told (`reversal
 * approved`). `amount_minor` is None where no money is told. Who allowed it stands in
 * `approver`.
 */
export interface ActivityRow {
  position: number;
  at_ns: number;
  utc_offset_s: number;
  business_date: string;
  register: string;
  operator: string;
  approver: string;
  fact: string;
  subject: string;
  amount_minor: number | null;
  reason: string;
  training: boolean;
}

/**
 * Ring up a code, or an item by id where `code` is empty; opens an order if there is none. A
 * code that is a coupon's is presented; the answer's line is 0 then. `quantity_milli` is
 * gross; `tare_milli` is taken off.
 */
export interface AddLineInput {
  code?: string;
  item_id?: string;
  quantity_milli?: number;
  tare_milli?: number;
}

/** Write a note on a line, or on the order where line is 0. */
export interface AddNoteInput {
  audience: Audience;
  text: string;
  line?: number;
}

/** Ring up something that is not in the catalog, by name, price and tax class. */
export interface AddOpenLineInput {
  name: string;
  unit_price_micros: number;
  tax_class: string;
  quantity_milli?: number;
  department?: string;
}

/** Add a person. A front end sends `pin`; it is hashed before it gets here, and never kept. */
export interface AddOperatorInput {
  operator: string;
  name: string;
  role: string;
  pin?: string;
}

/** Take back part of a sold line at the price actually paid. `quantity_milli` is positive. */
export interface AddReturnLine {
  order_id: string;
  line: number;
  quantity_milli: number;
  reason: string;
}

/**
 * Take back goods nobody has a receipt of, by a code or by an item's id, at the price the
 * store's rules say and for store credit alone. `quantity_milli` is positive.
 */
export interface AddReturnWithoutReceiptInput {
  code?: string;
  item_id?: string;
  quantity_milli?: number;
  reason?: string;
}

/** Set the tip to be captured with the tab; may change until it is. */
export interface AdjustTip {
  tip_minor: number;
}

/** Where a block stands on the paper. */
export type Align =
  | 'left'
  | 'center'
  | 'right';

/** Whether a line's amount is an integer before it is taxed. */
export type Amounts =
  | 'rounded'
  | 'exact';

/**
 * The answer to a command or a query: `ok` with `data`, or not ok with `refusal`. `position`
 * is where it was computed; it is released only when that is durable.
 */
export interface AnswerFrame {
  type: 'answer';
  id: string;
  ok: boolean;
  data: unknown;
  refusal: RefusalBody | null;
  epoch: number;
  position: number;
}

/** What the customer gives; the next `payment.request` of that amount has it on top. */
export interface AnswerTip {
  tip_minor: number;
}

/**
 * Turn the screen to the customer and ask for a tip on what a card will pay: `amount_minor`,
 * or all that is due. From here on the register takes nothing but the answer, or
 * `payment.leave_tip`.
 */
export interface AskTipInput {
  amount_minor?: number;
}

/** Who a note is for: INTERNAL goes to the kitchen, CUSTOMER to the receipt. */
export type Audience =
  | 'internal'
  | 'customer';

/** What a promotion gives. Selections are named by their place in the promotion. */
export interface BenefitInput {
  kind: BenefitKind;
  off?: Off | null;
  selection?: number;
  slots?: Slot[];
  buy?: number;
  get?: number;
  get_selection?: number;
  pick?: Pick;
  tiers?: Tier[];
  marginal?: boolean;
  step_minor?: number;
}

/** What a promotion gives; each says which fields of `Benefit` it reads beside `off`. */
export type BenefitKind =
  | 'each'
  | 'bundle'
  | 'buy_get'
  | 'tiers'
  | 'cart'
  | 'every_spend';

/** One block. A single class with a kind keeps the wire form flat and forward readable. */
export interface Block {
  kind: BlockKind;
  left: string;
  right: string;
  align: Align;
  bold: boolean;
  large: boolean;
  data: string;
  lines: number;
}

/** What a block is; the fields of `Block` that matter follow from it. */
export type BlockKind =
  | 'text'
  | 'columns'
  | 'rule'
  | 'barcode'
  | 'qr'
  | 'feed';

/** How much of one brand may be at risk, in minor units; 0: that brand is not taken offline. */
export interface BrandCeiling {
  brand: string;
  limit_minor: number;
}

/** End one that waits; if it was paid already, that counts. */
export interface CancelPaylink {
  paylink_id: string;
}

/** Ask the terminal to end what it does; what it answers counts. */
export interface CancelPayment {
  payment_id: string;
}

/** End the search; what it found stays. Answers `TerminalsView`. */
export type CancelSearch = Record<string, never>;

/** The most tax, or the most that is taxed, for each piece or for the receipt. */
export interface Cap {
  of: Capped;
  amount_minor: number;
  per: Per;
}

/** What a cap bounds. */
export type Capped =
  | 'tax'
  | 'base';

/** Take what is due, and the tip, from the card of the tab. Once. */
export type CaptureTab = Record<string, never>;

/**
 * How a terminal comes by a card: it reads it, or its number is typed there, with the card at
 * hand or for a customer who orders by phone or mail.
 */
export type CardEntry =
  | ''
  | 'keyed'
  | 'phone';

/**
 * A card payment as its customer may see it: what is charged, and where it stands. `state` is
 * terminal (follow the terminal), checking (nobody knows yet), approved, or not_paid. `kind`
 * says what it is about, as in `PaymentView`.
 */
export interface CardStateView {
  state: string;
  kind: string;
  amount_minor: number;
  tip_minor: number;
}

/** The coins there are in a window, and whether law, custom or the shop rounds to them. */
export interface CashRoundingInput {
  window: WindowInput;
  jurisdiction: string;
  step_minor: number;
  mode: RoundingMode;
  obligation: string;
  source: string;
}

/** Tiles of a department, of all where it is empty. Answers `GridView`. */
export interface CatalogGridInput {
  department?: string;
  limit?: number;
}

/**
 * One ceiling of what may be taken offline, and how much of it is used: `payment` is for one
 * payment and never used up, `operator` and `register` are those of who asks, `brand` that of
 * the cards of that `brand`, `total` is all. Of `used_minor`, `pending_minor` is the most that
 * terminals may be storing, and nobody knows that they did: of each brand, for it may be any.
 */
export interface CeilingView {
  ceiling: string;
  limit_minor: number;
  used_minor: number;
  brand: string;
  pending_minor: number;
}

/** Add an item or replace it whole. */
export interface ChangeItemInput {
  item: ItemInput;
}

/** Give a person another PIN, which also unlocks them. */
export interface ChangePinInput {
  operator: string;
  pin?: string;
}

/** Set a line's quantity. */
export interface ChangeQuantity {
  line: number;
  quantity_milli: number;
}

/** Who pays: the customer here, the customer to the tax office, or nobody. */
export type Charge =
  | 'charged'
  | 'reverse'
  | 'exempt';

/** What a charge is for. A GRATUITY is the staff's and never a customer's own tip. */
export type ChargeKind =
  | 'service'
  | 'gratuity'
  | 'fee';

/**
 * One charge: `percent_ppm` of what the goods come to, or `amount_minor` for the order. It is
 * added to orders of at least `guests_min` people, of one of the `channels` and handed over in
 * one of the `dinings` (empty: all). `tax_class` is what it is taxed as, "" for not at all.
 * `name` is what the customer reads. It is never discounted.
 */
export interface ChargeRuleInput {
  id: string;
  name: string;
  kind: ChargeKind;
  percent_ppm?: number;
  amount_minor?: number;
  tax_class?: string;
  guests_min?: number;
  channels?: string[];
  dinings?: string[];
}

/**
 * What one charge came to in how many sales, in minor units, as it was priced. A gratuity is
 * the staff's: it is no customer's own tip.
 */
export interface ChargeTotal {
  charge: string;
  name: string;
  kind: ChargeKind;
  sales: number;
  amount_minor: number;
}

/**
 * A charge of an order in minor units, as it is priced; `amount_minor` 0 and `waived` why
 * where somebody let it go. `kind`: service | gratuity | fee.
 */
export interface ChargeView {
  line: number;
  charge: string;
  name: string;
  kind: ChargeKind;
  percent_ppm: number;
  amount_minor: number;
  returned: boolean;
  waived: string;
}

/** How many charges and deposits are in force now. */
export interface ChargesAnswer {
  charges: number;
  deposits: number;
}

/** Say how the order came in; empty is across the counter. Opens an order if there is none. */
export interface ChooseChannelInput {
  channel?: string;
}

/**
 * Price the order for a customer of this group, of none where it is empty; opens an order if
 * there is none. `member` is the customer's number, for limits that count by it, and `points`
 * what the member has to spend on rewards.
 */
export interface ChooseCustomerGroupInput {
  group?: string;
  member?: string;
  points?: number;
}

/** Say how the order is handed over. */
export interface ChooseDining {
  dining: Dining;
}

/**
 * Give a promotion that is an operator's to give, with the reason; `withdraw` takes it back.
 */
export interface ChoosePromotionInput {
  promotion: string;
  reason?: string;
  withdraw?: boolean;
}

/** Spend the member's points on a reward; `withdraw` takes it back. */
export interface ChooseRewardInput {
  promotion: string;
  withdraw?: boolean;
}

/**
 * Say how the order will be paid, where promotions are for a means of payment: cash, card, or
 * card: and a brand. Empty takes it back.
 */
export interface ChooseTenderInput {
  tender?: string;
}

/** A promotion an operator gave, and why. */
export interface ChosenView {
  promotion: string;
  name: string;
  reason: string;
}

/**
 * What terminals took on one business date of one acquirer's, and what of it was settled.
 * `cleared_minor` is gross, `open_minor` the rest. `fee_expected_minor` is by the rate cards,
 * `fee_charged_minor` what files told of these payments.
 */
export interface ClearingDay {
  business_date: string;
  acquirer: string;
  payments: number;
  captured_minor: number;
  cleared_minor: number;
  open_minor: number;
  fee_expected_minor: number;
  fee_charged_minor: number;
}

/**
 * Card money on its way to the bank: what terminals took, what acquirers' files have of it,
 * and every difference. Answers `ClearingView`. `acquirer` "" takes all. `days` are the newest
 * business dates, `limit` the items, oldest first. `explained` lists those too that somebody
 * explained.
 */
export interface ClearingStateInput {
  acquirer?: string;
  days?: number;
  limit?: number;
  explained?: boolean;
}

/**
 * Card money on its way: by acquirer, by day (newest first), every difference (oldest first,
 * of `item_count`), the terminals' last ends of day, and the newest files.
 */
export interface ClearingView {
  business_date: string;
  acquirers: AcquirerView[];
  days: ClearingDay[];
  items: DifferenceView[];
  item_count: number;
  terminals: TerminalDayView[];
  files: FileView[];
}

export type ClientFrame =
  | HelloFrame
  | CommandFrame
  | QueryFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | PingFrame;

/** Make the Z of this register. */
export type CloseDay = Record<string, never>;

/** Take a payment off the list of exceptions, with what was found. Moves no money. */
export interface CloseException {
  payment_id: string;
  finding: string;
}

/** Take it off the list of exceptions, with what was found. Moves no money. */
export interface CloseLinkException {
  paylink_id: string;
  finding: string;
}

/** End the session after the count. */
export type CloseTill = Record<string, never>;

/**
 * A code of an item: its pack price in micros (-1: the item's) and the pieces it stands for.
 */
export interface CodeEntryInput {
  code: string;
  unit_price_micros?: number;
  factor_milli?: number;
}

/** Do `name` with `data`. `id` is the client's UUIDv7; repeat it and nothing happens twice. */
export interface CommandFrame {
  type: 'command';
  id: string;
  name: keyof Commands;
  data: object;
  approval?: FrameApproval | null;
}

/** Give a line away, with the reason; `withdraw` takes that back. */
export interface CompLineInput {
  line: number;
  reason?: string;
  withdraw?: boolean;
}

/** Give the whole order away, with the reason; `withdraw` takes that back. */
export interface CompOrderInput {
  reason?: string;
  withdraw?: boolean;
}

/** Close the sale: number, receipt, drawer. */
export type CompleteOrder = Record<string, never>;

/** The sale: its receipt number and the change to hand out. */
export interface CompletedAnswer {
  order_id: string;
  receipt_number: string;
  total_minor: number;
  rounding_minor: number;
  change_minor: number;
}

/** Set the store's rules; currency and tax mode are fixed once anything was sold. */
export interface ConfigureStoreInput {
  rules: StoreRulesInput;
}

/** How goods are handed over; a rule for any is for all of these. */
export type Context =
  | 'any'
  | 'eat_in'
  | 'takeaway'
  | 'delivery';

/** Lock the count by denomination; blind until then. What is left out of it was not there. */
export interface CountTillInput {
  denominations: Denomination[];
  foreign?: ForeignCount[];
}

/** What a coupon's codes look like; each says which fields of `CouponRule` it reads. */
export type CouponKind =
  | 'generic'
  | 'pattern'
  | 'issued'
  | 'gs1_gcn'
  | 'gs1_north_american';

/**
 * Which codes are this coupon. With `check_digit` the digits of a pattern's codes end in the
 * one that GS1 reckons for all before it.
 */
export interface CouponRuleInput {
  id: string;
  kind: CouponKind;
  code?: string;
  length?: number;
  offer?: string;
  check_digit?: boolean;
}

/**
 * A coupon on an order and what it takes off, zero or less; `why` it takes nothing ("" where
 * it does): outside_window | other_store | other_channel | other_customer_group |
 * limit_reached | held_by_open_order (another has it) | no_item | item_excluded |
 * quantity_too_small | spend_too_small | price_floor | no_saving | units_consumed |
 * lost_to_better | not_in_force.
 */
export interface CouponView {
  code: string;
  promotion: string;
  name: string;
  amount_minor: number;
  why: string;
}

/**
 * A note of store credit as a tender: negative where it is issued, good once the order is
 * completed. `left_minor` is what the note has after; `due_minor` is left to pay or to give.
 */
export interface CreditTenderAnswer {
  order_id: string;
  tender: number;
  amount_minor: number;
  total_minor: number;
  due_minor: number;
  code: string;
  left_minor: number;
}

/**
 * A note: what it was issued for, what is left, and what of that open orders hold, all in
 * minor units; the receipt that issued it, and when.
 */
export interface CreditView {
  code: string;
  issued_minor: number;
  left_minor: number;
  held_minor: number;
  receipt_number: string;
  business_date: string;
}

/** How many notes have something left and how much in all, with the newest of them. */
export interface CreditsView {
  notes: number;
  left_minor: number;
  newest: CreditView[];
}

/** Customers that pay alike. Only who has the right may choose one of `employees`. */
export interface CustomerGroup {
  id: string;
  name: string;
  employees: boolean;
}

/** Customers that pay alike. Only who has the right may choose one of `employees`. */
export interface CustomerGroupInput {
  id: string;
  name: string;
  employees?: boolean;
}

/** How documents are rounded in a window. */
export interface DatedPolicyInput {
  window: WindowInput;
  policy: TaxPolicyInput;
  source: string;
}

/** The Z, numbered from 1 per register. */
export interface DayClosedAnswer {
  z_number: number;
  total_minor: number;
}

/**
 * One difference. `brand` is "" for all cards together; `told` figures are the terminal's.
 * NOT_TOLD: an end of day, `day_id`, did happen, and what it came to was never told.
 */
export interface DayDifference {
  brand: string;
  fault: DayFault;
  ours_count: number;
  ours_minor: number;
  told_count: number;
  told_minor: number;
  day_id: string;
}

/** What a terminal's totals and the store's differ in, for one brand. */
export type DayFault =
  | 'missing_here'
  | 'missing_in_terminal'
  | 'amount_differs'
  | 'count_differs'
  | 'not_told';

/** Add a register or change its devices. */
export interface DefineRegisterInput {
  setup: RegisterSetupInput;
}

/** Set a role's rights. */
export interface DefineRole {
  role: string;
  rights: Right[];
}

/** How many of one coin or note; `value_minor` each. */
export interface Denomination {
  value_minor: number;
  count: number;
}

/** Goods that are sold with a deposit: one piece of the item `deposit` for each piece. */
export interface Deposit {
  item: string;
  deposit: string;
}

/** A device as last heard of. */
export interface DeviceView {
  address: string;
  state: string;
  code: string;
  detail: string;
}

/**
 * A difference that is for a person. `id` names it until it changes. `difference_minor` is
 * what clearing holds for it; of a fee, what was kept too much. `payment_id` and `order_id`
 * are "" where the journal knows of none. `finding` is what somebody found, "" while nobody
 * did, and `explained_by` who that was. Kinds that begin with `day_` are of the end of day of
 * `terminal`: `theirs` are its figures, and none of them is in clearing.
 */
export interface DifferenceView {
  id: string;
  kind: string;
  acquirer: string;
  business_date: string;
  age_days: number;
  difference_minor: number;
  ours_minor: number;
  theirs_minor: number;
  payment_id: string;
  order_id: string;
  card: string;
  brand: string;
  reference: string;
  batch: string;
  file: string;
  line: number;
  is_back: boolean;
  finding: string;
  explained_by: string;
  terminal: string;
  ours_count: number;
  theirs_count: number;
}

/** How an order is handed over. */
export type Dining =
  | 'eat_in'
  | 'takeaway'
  | 'delivery';

/** How a discount's value reads: PERCENT in ppm, AMOUNT in minor units. */
export type DiscountKind =
  | 'percent'
  | 'amount';

/** Set a line's discount; value 0 takes it off. */
export interface DiscountLineInput {
  line: number;
  kind: DiscountKind;
  value: number;
  reason?: string;
}

/** Set the order's discount; value 0 takes it off. */
export interface DiscountOrderInput {
  kind: DiscountKind;
  value: number;
  reason?: string;
}

/** A manual discount: percent in ppm or an amount in minor units. */
export interface DiscountView {
  kind: DiscountKind;
  value: number;
  reason: string;
}

/** The customer's view of the register. Answers `DisplayView`. */
export type DisplayState = Record<string, never>;

/**
 * What the customer may see: the order without internal notes, then the completed one.
 * `display` is the address of the pole display that shows it too, "" where there is none.
 * `paylink` is what the customer is asked to pay by link now, `card` the card payment of the
 * order; `asks_tip` says that the register's screen asks them for a tip.
 */
export interface DisplayView {
  epoch: number;
  position: number;
  register: string;
  display: string;
  store_name: string;
  currency: string;
  minor_digits: number;
  language: string;
  order: OrderView | null;
  completed: OrderView | null;
  paylink: PaylinkShown | null;
  card: CardStateView | null;
  asks_tip: boolean;
}

/** Whether the base told of a division tax has the taxes of its batch in it. */
export type DivisionBase =
  | 'gross'
  | 'net';

/** Blocks from top to bottom, then cut. `title` names the job for people ("Receipt 1-42"). */
export interface Document {
  title: string;
  blocks: Block[];
  language: string;
  copy: boolean;
}

/** Nothing to add. */
export type Done = Record<string, never>;

/** Ask a terminal, by its address, to end its day; empty takes the register's own. */
export interface EndTerminalDayInput {
  terminal?: string;
}

/** Stop practising. */
export type EndTraining = Record<string, never>;

/** One journaled fact, personal fields as tokens unless the reader may see them. */
export interface EventView {
  position: number;
  stream: string;
  name: string;
  training: boolean;
  now_ns: number;
  business_date: string;
  register: string;
  operator: string;
  data: Record<string, unknown>;
}

/** Journaled facts after `position`. Answers `EventsView`. */
export interface EventsSinceInput {
  position: number;
  limit?: number;
}

/** Facts after a cursor, in order; `more` says the limit cut them. */
export interface EventsView {
  epoch: number;
  position: number;
  more: boolean;
  events: EventView[];
}

/**
 * Free the order of taxes by a certificate, by the customer's class, or by both. `valid_until`
 * is the certificate's last day, "" for good; empty lists are all of them. Neither a
 * certificate nor a class takes the exemption off.
 */
export interface ExemptOrderInput {
  certificate?: string;
  customer?: string;
  reason?: string;
  valid_until?: string;
  jurisdictions?: string[];
  tax_types?: string[];
  categories?: string[];
  customer_class?: string;
}

/**
 * Why the order is free of taxes. Of a class of customers alone there is no certificate.
 * `customer` is personal, "" where the reader must not see it. Free of which taxes is told by
 * their jurisdictions, their types and the goods' categories; none of one of these is all of
 * them.
 */
export interface ExemptionView {
  certificate: string;
  customer: string;
  reason: string;
  valid_until: string;
  customer_class: string;
  jurisdictions: string[];
  tax_types: string[];
  categories: string[];
}

/** Say what a difference is; `item` is the id its list gives it. */
export interface ExplainItem {
  item: string;
  finding: string;
}

/**
 * Why every line of an order costs what it costs, live or ended. Answers `OrderReasonsView`,
 * or the refusal order_must_exist.
 */
export interface ExplainOrder {
  order_id: string;
}

/** The difference that has an explanation now. */
export interface ExplainedAnswer {
  item: string;
}

/** Which side of a price with tax in it is rounded; the other side is the rest. */
export type Extract =
  | 'tax_first'
  | 'net_first';

/** Why a frame was not taken. After `busy` and `no_answer` repeat it with the same id. */
export type FaultCode =
  | 'malformed'
  | 'frame_too_large'
  | 'invalid_data'
  | 'unknown_name'
  | 'hello_expected'
  | 'hello_twice'
  | 'version_unsupported'
  | 'token_wrong'
  | 'register_absent'
  | 'not_allowed'
  | 'busy'
  | 'no_answer'
  | 'answer_too_large'
  | 'command_id_reused'
  | 'engine_fault';

/**
 * The frame was not understood or not taken: `code` is one of `FaultCode`, stable; `detail`
 * says what to change. `id` is the frame's, "" where it had none or the connection is meant.
 */
export interface FaultFrame {
  type: 'fault';
  code: FaultCode;
  detail: string;
  id: string;
}

/**
 * A settlement file that counts. `rows` are counted so far, `seen_before` of them were in an
 * earlier file.
 */
export interface FileView {
  file: string;
  acquirer: string;
  name: string;
  at_ns: number;
  rows: number;
  seen_before: number;
}

/**
 * What people did, newest first, before position `before` (0: the newest). `operator` is who
 * did or allowed it; empty filters take everything. Answers `ActivityRow`s.
 */
export interface FindActivityInput {
  operator?: string;
  register?: string;
  business_date?: string;
  before?: number;
  limit?: number;
}

/**
 * What each card payment of a business date costs by the rate cards, in the order they were
 * taken, after the payment `after` (empty: from the first). Answers `PaymentFeesView`.
 */
export interface FindPaymentFeesInput {
  business_date: string;
  acquirer?: string;
  limit?: number;
  after?: string;
}

/** Completed sales whose number contains `text`, newest first. Answers `ReceiptRow`s. */
export interface FindReceiptsInput {
  text?: string;
  limit?: number;
}

/**
 * Look for terminals at these places, and only there: addresses, ranges (`192.0.2.10-40`) and
 * networks (`192.0.2.0/24`), 256 in all, and serial ports (`/dev/ttyUSB0`). Answers
 * `TerminalsView` at once; ask again for how far it is. Refused as addresses_must_be_local,
 * addresses_limit_reached, search_must_be_over.
 */
export interface FindTerminals {
  addresses: string;
}

/** The notes of one other currency, in its own minor units. */
export interface ForeignCount {
  currency: string;
  denominations: Denomination[];
}

/**
 * A currency the store takes notes of. `rate_micros` is what one major unit of it is worth, in
 * millionths of the major unit of the store's currency; `note_minor` its smallest note that is
 * taken, of which every tender is a multiple (0: any amount).
 */
export interface ForeignCurrencyInput {
  currency: string;
  rate_micros: number;
  note_minor?: number;
}

/**
 * A currency whose notes are taken: what one of its major unit counts for in micros of the
 * store's, its smallest note (0: any amount), and the digits of its amounts.
 */
export interface ForeignCurrencyView {
  currency: string;
  rate_micros: number;
  note_minor: number;
  minor_digits: number;
}

/** What was counted of one other currency against what was taken, in its own minor units. */
export interface ForeignDifference {
  currency: string;
  expected_minor: number;
  counted_minor: number;
  difference_minor: number;
}

/** The least of another currency, in whole notes and its minor units, that pays what is due. */
export interface ForeignDueView {
  currency: string;
  amount_minor: number;
}

/**
 * Notes of another currency and the `worth_minor` they count for; the rest as `TenderAnswer`,
 * all in the store's currency.
 */
export interface ForeignTenderAnswer {
  order_id: string;
  tender: number;
  total_minor: number;
  due_minor: number;
  change_minor: number;
  rounding_minor: number;
  worth_minor: number;
}

/**
 * The notes of another currency in a till, in its minor units; amounts are None where the
 * store's own are.
 */
export interface ForeignTillView {
  currency: string;
  minor_digits: number;
  expected_minor: number | null;
  counted_minor: number | null;
  difference_minor: number | null;
}

/**
 * What was taken of one currency in its own minor units, and what it counted for in the
 * store's. `over_short_minor`, in its own, is what counts of tills found too much or too
 * little.
 */
export interface ForeignTotal {
  currency: string;
  amount_minor: number;
  worth_minor: number;
  over_short_minor: number;
}

/** A second person's PIN for the command that carries it. */
export interface FrameApproval {
  operator: string;
  pin: string;
}

/**
 * What the cart must hold of a selection: units, or minor units, as `kind` says. MIN_SETS asks
 * for `value` units of each of at least `least` of the `selections`.
 */
export interface GateInput {
  kind: GateKind;
  value: number;
  selection?: number;
  selections?: number[];
  least?: number;
}

/** What a cart must hold: so many units, so much spent in minor units, or some of several. */
export type GateKind =
  | 'min_quantity'
  | 'min_spend'
  | 'min_sets';

/**
 * What is left of a note of store credit. Answers `CreditView`, or the refusals
 * credit_must_be_known and credit_must_not_be_spent.
 */
export interface GetCredit {
  code: string;
}

/** Any order, live or ended. Answers `OrderView`, or the refusal order_must_exist. */
export interface GetOrder {
  order_id: string;
}

/** A receipt as it was printed. Answers `ReceiptView`. */
export interface GetReceipt {
  order_id: string;
}

/** Tiles in their fixed order, and the departments there are. */
export interface GridView {
  departments: string[];
  items: ItemView[];
}

/** First frame of a connection. `register` is the position it sells at; "" for an observer. */
export interface HelloFrame {
  type: 'hello';
  version: number;
  token: string;
  register?: string;
  client?: string;
}

/** Days on which a tax is not asked of some goods; of items below `below_minor`, if set. */
export interface HolidayInput {
  id: string;
  jurisdiction: string;
  tax_type: string;
  window: WindowInput;
  categories: string[];
  below_minor?: number | null;
  exempt_at_amount?: boolean;
  source?: string;
}

/** Let a file of so many parts and rows count. `name` is what people call it. */
export interface ImportSettlement {
  file: string;
  name: string;
  parts: number;
  rows: number;
}

/** Put an upload of so many parts in force, in place of all prices there were. */
export interface InstallPrices {
  upload: string;
  parts: number;
}

/**
 * Make a staged segment the base. It was uploaded before and is named by its hash.
 * `base_version` is the catalog version it was merged over: an edit since then would be lost.
 */
export interface InstallSegment {
  segment_hash: string;
  base_version: number;
  item_count: number;
  source: string;
}

/** Make codes of a coupon good, beside those issued before. */
export interface IssueCoupons {
  coupon: string;
  codes: string[];
}

/** The coupon, and how many codes of the command are good. */
export interface IssuedAnswer {
  coupon: string;
  codes: number;
}

/** The item that is new or different. */
export interface ItemAnswer {
  item_id: string;
}

/** What one unit of an item costs the shop. */
export interface ItemCost {
  item_id: string;
  unit_cost_micros: number;
}

/**
 * One sellable position. `group` joins the variations of one item; `measures` are what one has
 * besides what it is sold by.
 */
export interface ItemInput {
  item_id: string;
  name: string;
  department: string;
  tax_class: string;
  unit_price_micros: number;
  variation?: string;
  unit?: string;
  open_price?: boolean;
  discountable?: boolean;
  group?: string;
  image?: string;
  sort?: number;
  codes?: CodeEntryInput[];
  measures?: MeasuresInput | null;
}

/** A sellable position in a grid or a search result. */
export interface ItemView {
  item_id: string;
  name: string;
  variation: string;
  department: string;
  tax_class: string;
  unit: string;
  unit_price_micros: number;
  open_price: boolean;
  group: string;
  image: string;
}

/** Somebody who may ask a tax. `parent` is the wider one it lies in, "" for a country. */
export interface JurisdictionInput {
  id: string;
  kind: JurisdictionKind;
  parent?: string;
}

/** How far a jurisdiction reaches; taxes are counted from the widest in. */
export type JurisdictionKind =
  | 'country'
  | 'state'
  | 'county'
  | 'city'
  | 'district';

/**
 * Take the screen back unanswered. Whose PIN it is is signed on from then. `pin_correct` is
 * set by the register actor only.
 */
export interface LeaveTipInput {
  operator: string;
  pin?: string;
  pin_correct?: boolean;
}

/** Where a tax is rounded. */
export type Level =
  | 'unit'
  | 'line'
  | 'rate_document'
  | 'document';

/**
 * The line as it is now, and the order's new total. `net_minor` is after discounts; of a
 * coupon `line` is 0 and `net_minor` what it takes off.
 */
export interface LineAnswer {
  order_id: string;
  line: number;
  name: string;
  net_minor: number;
  total_minor: number;
  due_minor: number;
}

/** A line's reasons. Those that are not TAX_INCLUDED sum to `total_minor`. */
export interface LineReasons {
  line: number;
  name: string;
  quantity_milli: number;
  unit: string;
  unit_price_micros: number;
  reasons: Reason[];
  total_minor: number;
}

/**
 * One line as shown. `amount_minor` is before promotions and discounts, `net_minor` after.
 * `unit_price_micros` is the price that counts, of `price_list` ("": the item's own);
 * `was_micros` is what the goods cost before a markdown (0: none). `comp` says why the line is
 * given away. `linked_to` is the line whose deposit it is; `priced_again_by` the line that
 * came back, for goods that stay and cost more without it; `without_receipt` goods that came
 * back so.
 */
export interface LineView {
  line: number;
  item_id: string;
  name: string;
  variation: string;
  department: string;
  unit: string;
  quantity_milli: number;
  tare_milli: number;
  unit_price_micros: number;
  amount_minor: number;
  line_discount_minor: number;
  order_discount_minor: number;
  net_minor: number;
  total_minor: number;
  tax_class: string;
  discount: DiscountView | null;
  notes: NoteView[];
  overridden: boolean;
  open_price: boolean;
  return_of: string;
  returned_milli: number;
  image: string;
  promotions: PromotionView[];
  price_list: string;
  was_micros: number;
  comp: string;
  comp_minor: number;
  tax_letter: string;
  linked_to: number;
  list_name: string;
  priced_again_by: number;
  without_receipt: boolean;
}

/**
 * The ledger of store credit, newest first; whoever reads a code can spend it. Answers
 * `CreditsView`.
 */
export interface ListCreditsInput {
  limit?: number;
}

/**
 * Thousandths of litres, kilograms and degrees of one piece, kilogram or metre; 0 where nobody
 * said. A degree is what a law counts spirits in, litres × per cent: 0.7 l at 40 % have 28.
 */
export interface MeasuresInput {
  litres_milli?: number;
  kilograms_milli?: number;
  degrees_milli?: number;
}

/** A note and who it is for. */
export interface NoteView {
  audience: Audience;
  text: string;
}

/** What comes off; `value` reads as `kind` says. */
export interface Off {
  kind: OffKind;
  value: number;
}

/** How an `Off` reads: ppm off, minor units off, or the minor units that are left to pay. */
export type OffKind =
  | 'percent'
  | 'amount'
  | 'price';

/** A promotion by what people call it. */
export interface OfferView {
  promotion: string;
  name: string;
}

/**
 * How much may be taken that nobody has authorised yet, in minor units; 0 allows nothing. Each
 * ceiling counts what is stored and not known to be paid, and what terminals may be storing
 * now. `age_s` is how old the oldest of it may be. `brands` are the cards taken so; empty:
 * all. `brand_limits` are ceilings of single brands: what a card is, the terminal says with
 * its answer, so until then a payment that it may approve alone counts for each.
 * `tip_minor_max` is the most that a customer may add at a terminal, as it is set up there; 0:
 * nobody knows.
 */
export interface OfflinePolicy {
  payment_minor: number;
  operator_minor: number;
  register_minor: number;
  total_minor: number;
  age_s: number;
  brands: string[];
  brand_limits: BrandCeiling[];
  tip_minor_max: number;
}

/**
 * How much may be taken that nobody has authorised yet, in minor units; 0 allows nothing. Each
 * ceiling counts what is stored and not known to be paid, and what terminals may be storing
 * now. `age_s` is how old the oldest of it may be. `brands` are the cards taken so; empty:
 * all. `brand_limits` are ceilings of single brands: what a card is, the terminal says with
 * its answer, so until then a payment that it may approve alone counts for each.
 * `tip_minor_max` is the most that a customer may add at a terminal, as it is set up there; 0:
 * nobody knows.
 */
export interface OfflinePolicyInput {
  payment_minor?: number;
  operator_minor?: number;
  register_minor?: number;
  total_minor?: number;
  age_s?: number;
  brands?: string[];
  brand_limits?: BrandCeiling[];
  tip_minor_max?: number;
}

/** Open the drawer without a sale, with the reason. */
export interface OpenDrawer {
  reason: string;
}

/**
 * Begin an order at this register. `order_id` is the client's; empty takes the command's id.
 */
export interface OpenOrderInput {
  order_id?: string;
}

/** Payments by link that are not settled. Answers `PaylinksView`. */
export type OpenPaylinks = Record<string, never>;

/** Card payments that are not settled, and what was taken offline. Answers `PaymentsView`. */
export type OpenPayments = Record<string, never>;

/** Reserve an amount on a card for the current order, whose bill is closed later. */
export interface OpenTab {
  amount_minor: number;
}

/**
 * A tab of the store in a list: what is reserved, and what the bill comes to so far.
 * `register` has it in hand, "" while it is parked; `age_s` is how long ago it was opened.
 * `terminal` holds the reservation: there it is charged or let go.
 */
export interface OpenTabView {
  order_id: string;
  label: string;
  register: string;
  opened_by: string;
  first_name: string;
  reserved_minor: number;
  total_minor: number;
  tip_minor: number;
  card: string;
  brand: string;
  age_s: number;
  terminal: string;
}

/** Every tab of the store, oldest first. Answers `OpenTabView`s. */
export type OpenTabs = Record<string, never>;

/** Open with a float counted by denomination; the float is their sum. */
export interface OpenTill {
  denominations: Denomination[];
}

/** A person; `rights` is empty in lists. */
export interface OperatorView {
  operator: string;
  name: string;
  role: string;
  rights: string[];
}

/** The order it was about. */
export interface OrderAnswer {
  order_id: string;
}

/**
 * The promotions in force and an order: those that take something off first, then those that
 * nearly do. `left_out` is how many there are besides.
 */
export interface OrderPromotionsView {
  order_id: string;
  promotions: PromotionReasonView[];
  left_out: number;
}

/** Why an order's lines cost what they cost; `rules` names the policy that made the figures. */
export interface OrderReasonsView {
  order_id: string;
  lines: LineReasons[];
  total_minor: number;
  rules: string;
}

/**
 * An order as shown. `due_minor` is what is still to pay, `cash_due_minor` the same in cash.
 * `receipt_number` and `change_minor` are set once completed; `saved_minor` is what discounts
 * took off, positive. `comp_minor`, zero or less, was given away; why is in `comp` or at
 * lines. `dining` is how it is handed over, None where nobody said so and no rule asks.
 * `may_wait` says of one in payment that it can be parked as it is: nothing of its money goes
 * back at a till.
 */
export interface OrderView {
  order_id: string;
  phase: string;
  training: boolean;
  label: string;
  lines: LineView[];
  discount: DiscountView | null;
  notes: NoteView[];
  subtotal_minor: number;
  saved_minor: number;
  tax_minor: number;
  taxes: TaxView[];
  total_minor: number;
  due_minor: number;
  cash_due_minor: number;
  rounding_minor: number;
  tenders: TenderView[];
  change_minor: number;
  receipt_number: string;
  business_date: string;
  at_ns: number;
  version: number;
  customer_group: string;
  member: string;
  channel: string;
  coupons: CouponView[];
  chosen: ChosenView[];
  comp: string;
  comp_minor: number;
  dining: Dining | null;
  exemption: ExemptionView | null;
  guests: number;
  charges: ChargeView[];
  tab: TabView | null;
  foreign_due: ForeignDueView[];
  points: number;
  points_spent: number;
  rewards: OfferView[];
  tender: string;
  tip: TipView | null;
  may_wait: boolean;
}

/** Set a line's unit price, with the reason. */
export interface OverridePrice {
  line: number;
  unit_price_micros: number;
  reason: string;
}

/** Pay at this terminal, at this place, under that address; it may replace one there. */
export interface PairTerminalInput {
  terminal: string;
  transport: string;
  serial: string;
  protocol?: TerminalProtocol;
}

/** The terminal it was about. */
export interface PairedAnswer {
  terminal: string;
}

/** The upload, and how many of its parts are here now. */
export interface PartAnswer {
  upload: string;
  parts: number;
}

/** Put money in, with the reason. */
export interface PayIn {
  amount_minor: number;
  reason: string;
}

/** Take money out, with the reason. */
export interface PayOut {
  amount_minor: number;
  reason: string;
}

/**
 * Where a payment by link stands now. `receipt_number` is that of the sale it completed, ""
 * where it completed none.
 */
export interface PaylinkAnswer {
  paylink_id: string;
  standing: string;
  amount_minor: number;
  receipt_number: string;
}

/** What a customer is asked to pay by link, until `expires_ns`. */
export interface PaylinkShown {
  paylink_id: string;
  amount_minor: number;
  url: string;
  expires_ns: number;
}

/**
 * A payment by link as it stands. `url` is what the customer opens, "" until the provider told
 * it. `problem` says why a person must look at it, "" where nobody must. `left_s` is how long
 * it may still be paid, `age_s` how long ago it was asked for.
 */
export interface PaylinkView {
  paylink_id: string;
  order_id: string;
  register: string;
  operator: string;
  provider: string;
  kind: string;
  standing: string;
  problem: string;
  amount_minor: number;
  currency: string;
  url: string;
  reference: string;
  method: string;
  code: string;
  age_s: number;
  left_s: number;
  is_cancel_asked: boolean;
}

/**
 * Payments by link that are not settled: those for a person, and those whose provider is still
 * asked; both oldest first.
 */
export interface PaylinksView {
  exceptions: PaylinkView[];
  open: PaylinkView[];
}

/** The payment and where it stands; `amount_minor` is what was asked for, or approved. */
export interface PaymentAnswer {
  payment_id: string;
  standing: string;
  amount_minor: number;
}

/**
 * A card payment, refund or reversal with what it costs. `presence` is how the card was there,
 * `has_rate` whether the rate card has a line for it. `amount_minor` is below nought for what
 * went back. `settled` says whether a file has it, and `fee_charged_minor` what was kept for
 * it and its refunds, None where none told.
 */
export interface PaymentFeeView {
  payment_id: string;
  order_id: string;
  acquirer: string;
  business_date: string;
  kind: string;
  presence: string;
  brand: string;
  card: string;
  amount_minor: number;
  fee_minor: number;
  has_rate: boolean;
  settled: boolean;
  fee_charged_minor: number | null;
}

/**
 * A page of a business date's card payments, in the order they were taken; `payment_count` is
 * how many there are in all. The next page is asked for after the last one of this.
 */
export interface PaymentFeesView {
  payments: PaymentFeeView[];
  payment_count: number;
}

/**
 * A card payment as it stands. `code` and `detail` are the terminal's reason; `shows` is what
 * it shows to the customer now, a stable word, and `shows_text` its own words. `problem` says
 * why a person must look at it, "" where nobody must. `age_s` is how long ago it was asked
 * for. `entry` is keyed or phone where the number is typed at the terminal, else "". `tender`
 * is what it takes back of its order, 0 where that is none; `is_counted` says that the sale
 * was completed with it all the same, and `of_refund` that it was money back: what is not
 * taken back then is with the customer. `back_waits`: the store has its terminal take it back
 * as soon as that is free. `back_code` is of what is on the list itself, for it should not
 * have been taken or the bank refused it: why its terminal did not take it back when it was
 * told to, and `back_age_s` how long ago it was last told; "" and 0 where it never was.
 */
export interface PaymentView {
  payment_id: string;
  order_id: string;
  register: string;
  operator: string;
  terminal: string;
  kind: string;
  standing: string;
  problem: string;
  amount_minor: number;
  tip_minor: number;
  code: string;
  detail: string;
  card: string;
  brand: string;
  age_s: number;
  is_cancel_asked: boolean;
  is_set_aside: boolean;
  reason: string;
  shows: string;
  shows_text: string;
  entry: string;
  tender: number;
  is_counted: boolean;
  of_refund: boolean;
  back_waits: boolean;
  back_code: string;
  back_age_s: number;
}

/**
 * Card payments that are not settled: those for a person and those nobody knows yet, oldest
 * first; and what was taken offline, against its ceilings. Past `age_limit_s` nothing more is.
 * `policy` are those ceilings as the shop set them.
 */
export interface PaymentsView {
  exceptions: PaymentView[];
  offline_minor: number;
  offline_limit_minor: number;
  offline_count: number;
  oldest_s: number;
  ceilings: CeilingView[];
  age_limit_s: number;
  policy: OfflinePolicy;
}

/** What a threshold or cap measures: each piece of a line, or all lines with the tax. */
export type Per =
  | 'item'
  | 'receipt';

/** A percentage off the catalog's prices of departments, of all goods where none is named. */
export interface PercentEntryInput {
  off_ppm: number;
  departments?: string[];
  except_items?: string[];
}

/** Which units are rewarded. */
export type Pick =
  | 'cheapest'
  | 'dearest';

/** Are you there. */
export interface PingFrame {
  type: 'ping';
  at?: number;
}

/** How promotions that want the same units are settled. */
export type Policy =
  | 'best'
  | 'strict_priority';

/** Yes; `at` is the ping's, `position` the journal's. */
export interface PongFrame {
  type: 'pong';
  at: number;
  epoch: number;
  position: number;
}

/** How a card was there, which is what acquirers price by. */
export type Presence =
  | 'in_person'
  | 'online'
  | 'keyed';

/** Put a coupon on the order, by its code; opens an order if there is none. */
export interface PresentCoupon {
  code: string;
}

/** What an item costs in a list. `factor_milli` is the pack: the stock one unit stands for. */
export interface PriceEntryInput {
  item_id: string;
  unit_price_micros: number;
  factor_milli?: number;
  tiers?: QuantityPrice[];
}

/** The lowest lawful unit price of an item, or of a department where `item_id` is empty. */
export interface PriceFloorInput {
  unit_price_micros: number;
  item_id?: string;
  department?: string;
}

/**
 * Prices for whom and when the fields say; an empty field asks for nothing. `starts_s` and
 * `ends_s` are seconds since 1970 (0: open), the end outside; `weekly` restricts it to hours
 * of the week, of the business week with `business_day`: there a day goes on until the store's
 * cut-off. A `markdown` is shown as what the goods were and are now.
 */
export interface PriceListInput {
  id: string;
  name: string;
  entries?: PriceEntryInput[];
  percents?: PercentEntryInput[];
  customer_groups?: string[];
  channels?: string[];
  dining_options?: string[];
  stores?: string[];
  starts_s?: number;
  ends_s?: number;
  weekly?: Span[];
  business_day?: boolean;
  priority?: number;
  markdown?: boolean;
  quantity_of?: QuantityOf;
}

/** A price list by what people call it. */
export interface PriceListView {
  price_list: string;
  name: string;
}

/** At which price goods without a receipt come back. */
export type PriceRule =
  | 'today'
  | 'lowest';

/** Everything of one `prices.set`. */
export interface PriceSetInput {
  customer_groups?: CustomerGroupInput[];
  lists?: PriceListInput[];
  floors?: PriceFloorInput[];
  costs?: ItemCost[];
}

/** How many price lists are in force now. */
export interface PricesAnswer {
  price_lists: number;
}

/**
 * One promotion. `name` is what the customer reads. `starts_s` and `ends_s` are seconds since
 * 1970 (0: open), the end outside; `weekly` restricts it to hours of the week; with
 * `business_day` both go by the business day, which begins at the store's cut-off, and not by
 * its clock. `limit_per_cart` 0 is none. Two promotions share a unit only where the `tags` of
 * each are among what the other `stacks_with`. `vendor_ppm` is the vendor's part of the cost,
 * the rest is the store's. Who gets it: customers of `customer_groups` (one suffices), on
 * `channels`, in `stores`; whoever presents the `coupon`; with `manual` whoever an operator
 * gives it to, with a reason; with `employees` the shop's own people, for whom it goes after
 * all others. What is left of it: `sales_per_member` and `yearly_minor` are for one member
 * (nobody without a number gets it), `budget_minor` for the whole store; 0 is no limit.
 * `returns` says what goes back with goods. A reward costs the member `costs_points` each time
 * it applies (`each`: for each unit), as often as there are points; it applies where it was
 * chosen, `by_itself` without that. With `tenders` it is for orders that will be paid so:
 * `cash`, `card`, or `card:` and a brand as terminals tell it.
 */
export interface PromotionInput {
  id: string;
  name: string;
  benefit: BenefitInput;
  selections?: SelectionInput[];
  gates?: GateInput[];
  priority?: number;
  exclusive_group?: string;
  tags?: string[];
  stacks_with?: string[];
  starts_s?: number;
  ends_s?: number;
  weekly?: Span[];
  limit_per_cart?: number;
  count_nondiscountable?: boolean;
  vendor_ppm?: number;
  customer_groups?: string[];
  channels?: string[];
  stores?: string[];
  coupon?: CouponRuleInput | null;
  manual?: boolean;
  employees?: boolean;
  sales_per_member?: number;
  yearly_minor?: number;
  budget_minor?: number;
  business_day?: boolean;
  returns?: ReturnPolicy;
  costs_points?: number;
  by_itself?: boolean;
  tenders?: string[];
}

/**
 * What a promotion takes off an order, zero or less; where it is zero, `why` names the first
 * of its clauses that fails, in a word of `CouponView.why`, or coupon_missing. Of
 * quantity_too_small `have` and `need` are units, of spend_too_small minor units. `by` is the
 * name of the promotion it lost to, and `alone_minor`, zero or less, what it would take off if
 * there were no other. `item` is the name of the goods that are excepted. `asked_by` says what
 * a promotion waits for that does not come by itself: coupon | operator | member | "". Of
 * held_by_open_order `held_at` is the register of the other order, "" where it is parked.
 */
export interface PromotionReasonView {
  promotion: string;
  name: string;
  amount_minor: number;
  why: string;
  have: number;
  need: number;
  by: string;
  alone_minor: number;
  item: string;
  asked_by: string;
  held_at: string;
}

/**
 * What one promotion took off `sales` sales, of which the vendor pays `vendor_minor`. What of
 * it came back with goods that did is apart from that, as a positive amount; so are the points
 * it cost members.
 */
export interface PromotionTotal {
  promotion: string;
  name: string;
  sales: number;
  amount_minor: number;
  vendor_minor: number;
  returned_minor: number;
  vendor_returned_minor: number;
  points: number;
  points_returned: number;
}

/** What a promotion took off a line, zero or less. */
export interface PromotionView {
  name: string;
  amount_minor: number;
}

/** How many promotions are in force now. */
export interface PromotionsAnswer {
  promotions: number;
}

/** Whose quantity a tier is held against. */
export type QuantityOf =
  | 'line'
  | 'order';

/** From this quantity on, all of it costs so much a unit. */
export interface QuantityPrice {
  from_milli: number;
  unit_price_micros: number;
}

/** Ask `name` with `data`; `id` only pairs the answer. */
export interface QueryFrame {
  type: 'query';
  id: string;
  name: keyof Queries;
  data: object;
}

/** An effect on its way: what, where to, how old in seconds, why it is not done yet. */
export interface QueueEntry {
  effect_id: string;
  address: string;
  kind: string;
  title: string;
  age_s: number;
  tries: number;
  reason: string;
}

/** Reserve a higher amount instead, on a card shown again; only then is the first released. */
export interface RaiseTab {
  amount_minor: number;
}

/**
 * A line of a rate card: a percentage of the amount and so much besides. `brand` is "" for all
 * brands. `since` and `until` are the first and the last business date it is in force, ISO, ""
 * for ever. A refund costs `refund_fixed_minor`; of the percentage nothing comes back. The
 * percentage is rounded once, by `rounding`, before the rest is added.
 */
export interface RateInput {
  presence: Presence;
  rate_ppm?: number;
  fixed_minor?: number;
  brand?: string;
  since?: string;
  until?: string;
  refund_fixed_minor?: number;
  rounding?: RoundingMode;
}

/**
 * A part of a line's price in minor units; what is TAX_INCLUDED is in the others already.
 * `rounding_micro` is how much of it is rounding, in millionths of a minor unit: the amount
 * less the exact share (of a promotion, the share of what it took off in all). `name` is what
 * people call it, a promotion's or a discount's reason, and `rate_ppm` the percentage it was
 * reckoned at, 0 where there was none.
 */
export interface Reason {
  kind: ReasonKind;
  name: string;
  amount_minor: number;
  rounding_micro: number;
  rate_ppm: number;
}

/** What made a part of a price. */
export type ReasonKind =
  | 'list_price'
  | 'override'
  | 'price_list'
  | 'markdown'
  | 'promotion'
  | 'line_discount'
  | 'comp'
  | 'order_discount'
  | 'tax_added'
  | 'tax_included'
  | 'returned'
  | 'without_receipt'
  | 'charge';

/** What receipts must show: `fields` by name, `words` as they must be printed, by purpose. */
export interface ReceiptNeeds {
  fields: string[];
  words: Record<string, string>;
  source: string;
}

/** A completed sale in a list. */
export interface ReceiptRow {
  order_id: string;
  receipt_number: string;
  register: string;
  operator: string;
  business_date: string;
  at_ns: number;
  lines: number;
  total_minor: number;
  training: boolean;
}

/** A receipt to look at: its blocks and its order. */
export interface ReceiptView {
  document: Document;
  order: OrderView;
}

/**
 * Give what is due back, or `amount_minor` (positive) of it, as a new note of store credit,
 * which is good once the order is completed. Starts tendering if need be.
 */
export interface RefundToCreditInput {
  amount_minor?: number;
}

/** A decided no: `code` names the condition required, `fields` hold figures. */
export interface RefusalBody {
  code: string;
  fields: Record<string, unknown>;
}

/**
 * A selling position and its devices by address; empty where it has none. `channel` is how its
 * orders come in, "" across the counter. `tips` lets its terminal ask for a tip; with
 * `tip_choices` our own screen asks instead, before the card. `provider` is the address of
 * whom it asks for payments by link. `merchant_copies` has the merchant's copy of every card
 * payment on paper, `declined_slips` paper for whoever was declined; without them only what a
 * terminal wants there, and what is to be signed.
 */
export interface RegisterSetup {
  id: string;
  name: string;
  printer: string;
  drawer: string;
  display: string;
  scanner: string;
  channel: string;
  terminal: string;
  tips: boolean;
  provider: string;
  tip_choices: TipChoices | null;
  merchant_copies: boolean;
  declined_slips: boolean;
}

/**
 * A selling position and its devices by address; empty where it has none. `channel` is how its
 * orders come in, "" across the counter. `tips` lets its terminal ask for a tip; with
 * `tip_choices` our own screen asks instead, before the card. `provider` is the address of
 * whom it asks for payments by link. `merchant_copies` has the merchant's copy of every card
 * payment on paper, `declined_slips` paper for whoever was declined; without them only what a
 * terminal wants there, and what is to be signed.
 */
export interface RegisterSetupInput {
  id: string;
  name: string;
  printer?: string;
  drawer?: string;
  display?: string;
  scanner?: string;
  channel?: string;
  terminal?: string;
  tips?: boolean;
  provider?: string;
  tip_choices?: TipChoicesInput | null;
  merchant_copies?: boolean;
  declined_slips?: boolean;
}

/** Everything the register shows. Answers `RegisterView`. */
export type RegisterState = Record<string, never>;

/**
 * Everything a register screen shows, at `position` of `epoch`. `terminal` is its card
 * terminal, "" where it has none; `payment` the last card payment of its order, or of the last
 * one while it has none; `exceptions` how many of the store a person must look at. `provider`
 * is whom it asks for payments by link, "" for nobody, and `paylink` the last one of its
 * order. `asks_tips` says that its customers are asked for a tip on our own screen.
 * `offer_version` is another with each change of goods, prices, promotions, taxes or settings,
 * and when the first charge comes or the last one goes: what a screen was told of them before
 * (`store.state`, `catalog.grid`) is old then.
 */
export interface RegisterView {
  epoch: number;
  position: number;
  register: string;
  name: string;
  operator: OperatorView | null;
  training: boolean;
  order: OrderView | null;
  last_order: OrderView | null;
  suspended: number;
  till: TillView;
  z_number: number;
  queue: QueueEntry[];
  devices: DeviceView[];
  terminal: string;
  payment: PaymentView | null;
  exceptions: number;
  returns: ReturnsView;
  provider: string;
  paylink: PaylinkView | null;
  asks_tips: boolean;
  offer_version: number;
}

/** Give up the reservation; the bill is paid another way. */
export type ReleaseTab = Record<string, never>;

/** Take an item out of sale. */
export interface RemoveItem {
  item_id: string;
}

/** An X (number 0) or a Z. `foreign_digits` are those of each other currency in it. */
export interface ReportView {
  register: string;
  training: boolean;
  z_number: number;
  business_date: string;
  at_ns: number;
  totals: Totals;
  grand_total_minor: number;
  foreign_digits: Record<string, number>;
}

/** The receipt that prints again, as a copy. */
export interface ReprintAnswer {
  receipt_number: string;
}

/** Print a completed order's receipt again, marked COPY; `explained` adds why each price. */
export interface ReprintReceiptInput {
  order_id: string;
  explained?: boolean;
}

/**
 * Have the register's provider make a link for what is due of the current order, or for
 * `amount_minor` of it, to be paid within `life_s`; where money goes back, have it given back.
 * `source_order` and `source_tender` name the tender to give back of; empty takes the first
 * one by link of the receipts the goods came from.
 */
export interface RequestPaylinkInput {
  amount_minor?: number;
  life_s?: number;
  source_order?: string;
  source_tender?: number;
}

/**
 * Have the register's terminal take what is due of the current order, or `amount_minor` of it;
 * where money goes back, give it back to the card it came from. `source_order` and
 * `source_tender` name the tender to give back of; empty takes the first card of the receipts
 * the goods came from. With an `entry` the card's number is typed at the terminal, which takes
 * a right of its own.
 */
export interface RequestPaymentInput {
  amount_minor?: number;
  source_order?: string;
  source_tender?: number;
  entry?: CardEntry;
}

/** Where the cents go by which rounded shares miss their rounded sum. */
export type Residual =
  | 'largest'
  | 'first'
  | 'last'
  | 'biggest';

/** Take up a suspended order here. */
export interface ResumeOrder {
  order_id: string;
}

/** The return line; `total_minor` is what it gives back, negative. */
export interface ReturnLineAnswer {
  order_id: string;
  line: number;
  total_minor: number;
}

/** What of a promotion goes back with some of its goods. */
export type ReturnPolicy =
  | 'keep'
  | 'reevaluate';

/**
 * `without_receipt` lets goods come back without one, for store credit alone, up to
 * `ceiling_minor` an order; `store_credit` lets what comes back with one be paid so too.
 */
export interface ReturnRulesInput {
  without_receipt?: boolean;
  ceiling_minor?: number;
  price?: PriceRule;
  days?: number;
  store_credit?: boolean;
}

/**
 * What a register may do beside selling: `without_receipt` takes goods back without one,
 * `to_credit` gives store credit for those with one, `takes_credit` says there are notes to
 * pay with.
 */
export interface ReturnsView {
  without_receipt: boolean;
  to_credit: boolean;
  takes_credit: boolean;
}

/** Try once more to take back an exception's payment. */
export interface ReverseAgain {
  payment_id: string;
}

/** Give back a tender by link of the current order before it completes. */
export interface ReverseLinkTender {
  tender: number;
}

/** Take back a card tender of the current order before it completes. */
export interface ReverseTender {
  tender: number;
}

/**
 * A promotion that costs points, each time it applies; those that apply by themselves are not
 * chosen.
 */
export interface RewardView {
  promotion: string;
  name: string;
  costs_points: number;
  by_itself: boolean;
}

/**
 * What a role may allow. Every command needs exactly one; nothing is allowed unless granted.
 */
export type Right =
  | 'sell'
  | 'open_price'
  | 'discount'
  | 'price_override'
  | 'comp'
  | 'employee_prices'
  | 'void_line'
  | 'void_order'
  | 'refund'
  | 'reprint'
  | 'till'
  | 'paid_in_out'
  | 'no_sale'
  | 'expected_cash'
  | 'x_report'
  | 'z_report'
  | 'activity'
  | 'training'
  | 'catalog'
  | 'staff'
  | 'settings'
  | 'tax_exempt'
  | 'payment_exceptions'
  | 'return_without_receipt'
  | 'keyed_cards'
  | 'effects'
  | 'none';

/** How a half, or any remainder, falls. Up and down are away from and towards zero. */
export type RoundingMode =
  | 'half_up'
  | 'half_even'
  | 'up'
  | 'down';

/** Where tax is rounded once. Lines always sum to the document. */
export type RoundingScope =
  | 'line'
  | 'rate_document';

/** What a row of a settlement file does. */
export type RowKind =
  | 'payment'
  | 'refund'
  | 'chargeback'
  | 'fee'
  | 'payout'
  | 'other'
  | 'declined';

/**
 * One tax as a rule made it. `since` tells the rule's entry from its earlier and later ones.
 * `value` is ppm, or micros of the major unit for each `unit`; `codes` are what fiscal systems
 * call it. `certificate` and `holiday` say why it is not charged, "" where they do not.
 * `base_with_tax` says that its base holds the tax itself.
 */
export interface RuleTax {
  rule: string;
  since: string;
  jurisdiction: string;
  tax_type: string;
  name: string;
  kind: TaxKind;
  value: number;
  unit: Unit;
  included: boolean;
  charge: Charge;
  certificate: string;
  holiday: string;
  codes: Record<string, string>;
  base_with_tax: boolean;
}

/** Best matches first. Answers `ItemView`s. */
export interface SearchCatalogInput {
  text: string;
  limit?: number;
}

/**
 * A search, or the last one: how many places of how many were asked. `network` is that of this
 * machine and `ports` are its serial ports, offered and not searched unasked.
 */
export interface SearchView {
  is_running: boolean;
  done: number;
  total: number;
  is_stopped: boolean;
  found: TerminalFoundView[];
  network: string;
  ports: string[];
}

/** How many items the new base has. */
export interface SegmentAnswer {
  item_count: number;
}

/**
 * Goods by item id and by department, every one where neither is named; less the exceptions.
 */
export interface SelectionInput {
  items?: string[];
  departments?: string[];
  except_items?: string[];
}

/** Have the provider give back the money of an exception, or try a refund once more. */
export interface SendBackPaylink {
  paylink_id: string;
}

export type ServerFrame =
  | WelcomeFrame
  | AnswerFrame
  | UpdateFrame
  | PongFrame
  | FaultFrame;

/** Put these charges and deposits in force, in place of all there were. */
export interface SetChargesInput {
  charges: ChargeRuleInput[];
  deposits?: Deposit[];
}

/** Set every currency whose notes are taken, and its rate, at once; none where it is empty. */
export interface SetForeignCurrenciesInput {
  currencies: ForeignCurrencyInput[];
}

/** How much may be taken offline. */
export interface SetOfflinePolicyInput {
  policy: OfflinePolicyInput;
}

/**
 * Stop waiting for an unknown payment, so that its terminal can take others. It stays unknown
 * and on the list of exceptions.
 */
export interface SetPaymentAside {
  payment_id: string;
  reason: string;
}

/** Put these prices in force, in place of all there were. None: the catalog's alone. */
export interface SetPricesInput {
  prices: PriceSetInput;
}

/** Put these promotions in force, in place of all there were. None: no promotions. */
export interface SetPromotionsInput {
  promotions: PromotionInput[];
  policy?: Policy;
}

/** Set how goods come back; nothing comes back without a receipt until it is set so. */
export interface SetReturnRulesInput {
  rules: ReturnRulesInput;
}

/** Set every tax class at once. */
export interface SetTaxClasses {
  classes: TaxClass[];
}

/**
 * Put these tax rules in force, in place of all there were; None: tax classes alone. With
 * `classes` all tax classes are set with them, both or neither; empty leaves them as they are.
 */
export interface SetTaxesInput {
  setup?: TaxSetupInput | null;
  classes?: TaxClass[];
}

/** Set what the house allows of each kind of tender, at once; a kind left out is as usual. */
export interface SetTenderRulesInput {
  rules: TenderRuleInput[];
}

/** Put these acquirers and rate cards in force, in place of all there were. */
export interface SetTermsInput {
  acquirers: AcquirerInput[];
}

/**
 * What a terminal counted of one kind of card since its last end of day. `reversed_count` of
 * the transactions took back another, where a terminal tells these apart.
 */
export interface SettledTotal {
  name: string;
  count: number;
  amount_minor: number;
  reversed_count: number;
}

/** The settlement file, by its hash, and how many of its rows count now. */
export interface SettlementAnswer {
  file: string;
  rows: number;
}

/**
 * One row of a settlement file. A row of a declined payment has what was asked for as its
 * `gross_minor`; nothing of it is paid. `gross_minor` is positive towards the store: negative
 * for a refund, a chargeback, a payout to the bank; a payout above nought is what the acquirer
 * took from the bank. `fee_minor` is what the acquirer keeps, None where the file does not
 * say. `reference` is the acquirer's name of the payment, `own_reference` its name of this
 * refund or capture, where it has one. `date` is the day of the transaction at the terminal,
 * ISO.
 */
export interface SettlementRowInput {
  kind: RowKind;
  gross_minor: number;
  fee_minor?: number | null;
  batch?: string;
  date?: string;
  reference?: string;
  own_reference?: string;
  terminal_id?: string;
  trace?: number | null;
  receipt?: number | null;
  brand?: string;
}

/** Sign off; the order stays. */
export type SignOff = Record<string, never>;

/** Sign on at the register that sends this. `pin_correct` is set by the register actor only. */
export interface SignOnInput {
  operator: string;
  pin?: string;
}

/** Who is signed on now, and what they may do. */
export interface SignedOnAnswer {
  operator: string;
  name: string;
  role: string;
  rights: string[];
}

/** A part of a bundle: `count` units of the selection at that place. */
export interface Slot {
  selection: number;
  count: number;
}

/** Minutes of the store's local week, from Monday 00:00; `until_minute` is outside. */
export interface Span {
  from_minute: number;
  until_minute: number;
}

/**
 * Put a part of many prices beside those in force, which stay. Parts are counted from 0; part
 * 0 begins an upload, whose id is the sender's to choose.
 */
export interface StagePricesInput {
  upload: string;
  part: number;
  prices: PriceSetInput;
}

/**
 * Put a part of a settlement file beside those before. Parts are counted from 0; part 0 begins
 * the file, named by the SHA-256 of its bytes.
 */
export interface StageSettlementInput {
  file: string;
  part: number;
  acquirer: string;
  rows: SettlementRowInput[];
}

/** Freeze the figures. */
export type StartTendering = Record<string, never>;

/** Practise here from now on. */
export type StartTraining = Record<string, never>;

/** The health of the store in one object. */
export interface StatusView {
  version: string;
  store: string;
  epoch: number;
  position: number;
  head: string;
  started_ns: number;
  item_count: number;
  orders_open: number;
  queue: QueueEntry[];
  devices: DeviceView[];
  disk_nearly_full: boolean;
}

/**
 * One complete set of the store's money and calendar rules. `cutoff_s` is how many seconds
 * after local midnight the business day ends. `cash_step_minor` 1 means no cash rounding.
 * `currency` is ISO 4217, `time_zone` an IANA name, `language` a catalogue. Prices and
 * promotions of one store of several name it by its `store_id`.
 */
export interface StoreRules {
  name: string;
  address: string[];
  tax_number: string;
  currency: string;
  prices_include_tax: boolean;
  rounding_scope: RoundingScope;
  rounding_mode: RoundingMode;
  cash_step_minor: number;
  cash_mode: RoundingMode;
  time_zone: string;
  cutoff_s: number;
  language: string;
  receipt_footer: string;
  store_id: string;
}

/**
 * One complete set of the store's money and calendar rules. `cutoff_s` is how many seconds
 * after local midnight the business day ends. `cash_step_minor` 1 means no cash rounding.
 * `currency` is ISO 4217, `time_zone` an IANA name, `language` a catalogue. Prices and
 * promotions of one store of several name it by its `store_id`.
 */
export interface StoreRulesInput {
  name: string;
  address: string[];
  tax_number: string;
  currency: string;
  prices_include_tax: boolean;
  rounding_scope: RoundingScope;
  rounding_mode: RoundingMode;
  cash_step_minor: number;
  cash_mode: RoundingMode;
  time_zone: string;
  cutoff_s: number;
  language: string;
  receipt_footer: string;
  store_id?: string;
}

/** Before signing on: rules, registers, people. Answers `StoreView`. */
export type StoreState = Record<string, never>;

/** Health. Answers `StatusView`. */
export type StoreStatus = Record<string, never>;

/**
 * What a screen needs before anybody signs on. `dinings` are the ways of handing over to
 * choose from, empty where neither a tax rule nor a price list tells any apart; `dining` is
 * the one an order has where nobody chose. `tenders` are the means of payment that promotions
 * in force are for.
 */
export interface StoreView {
  store: string;
  name: string;
  rules: StoreRules | null;
  minor_digits: number;
  tax_classes: TaxClass[];
  registers: RegisterSetup[];
  operators: OperatorView[];
  item_count: number;
  taxes: TaxesView | null;
  customer_groups: CustomerGroup[];
  promotions_to_give: OfferView[];
  has_coupons: boolean;
  has_charges: boolean;
  dinings: Dining[];
  dining: Dining | null;
  price_lists: PriceListView[];
  foreign: ForeignCurrencyView[];
  rewards: RewardView[];
  tenders: string[];
}

/**
 * Follow a topic: `register` (a RegisterView after each change), `display` (the customer's
 * view of this register), `events` (facts after `position`, without loss), `status`, `notice`
 * (what became of a code the register's scanner read; or, with an empty code, in `signed_on`
 * who gave their PIN at this register), and `scans` (each code the register's scanner reads:
 * while a front end follows this, what becomes of a code is its to say, and the store rings up
 * none; of several the one that began last is told, and `notice` says
 * `scan_asked_for_elsewhere`).
 */
export interface SubscribeFrame {
  type: 'subscribe';
  topic: keyof Topics;
  position?: number;
}

/** Park the current order under a label. */
export interface SuspendOrderInput {
  label?: string;
}

/** Parked orders of the store. Answers a list of `SuspendedView`. */
export type SuspendedOrders = Record<string, never>;

/** A parked order in the list. */
export interface SuspendedView {
  order_id: string;
  label: string;
  lines: number;
  total_minor: number;
  first_name: string;
  opened_by: string;
}

/**
 * A card an amount is reserved on until the bill is closed; `tip_minor` is written so far.
 * `is_let_go`: its terminal was told to let it go, and nobody knows that it did. The order
 * ends without waiting for that; what is left is on the list of payments.
 */
export interface TabView {
  reserved_minor: number;
  tip_minor: number;
  card: string;
  brand: string;
  is_let_go: boolean;
}

/**
 * What a terminal took of one brand by the store's books; positive is towards the store.
 * `count` is of payments and refunds; `reversed_count` of what took one of them back, which
 * some terminals count as one more, and others as one less.
 */
export interface Taken {
  brand: string;
  count: number;
  reversed_count: number;
  amount_minor: number;
}

/** What items are taxed as; `letter` marks lines on the receipt. */
export interface TaxClass {
  id: string;
  name: string;
  rate_ppm: number;
  letter: string;
}

/**
 * One tax class and rate of the document, or one tax that rules made of it. For the latter
 * `tax_class` is the rule's id, `rate_ppm` its percentage (nought for a tax by the unit) and
 * `uncharged_minor` what it comes to where it is not charged.
 */
export interface TaxFigures {
  tax_class: string;
  rate_ppm: number;
  base_minor: number;
  tax_minor: number;
  total_minor: number;
  rule: RuleTax | null;
  uncharged_minor: number;
}

/** How a tax is counted: of its base, per unit, or as a part of the price it is itself in. */
export type TaxKind =
  | 'percent'
  | 'per_unit'
  | 'division';

/** Every choice that changes a cent. The default is what most shops with VAT do. */
export interface TaxPolicyInput {
  level?: Level;
  mode?: RoundingMode;
  extract?: Extract;
  residual?: Residual;
  amounts?: Amounts;
  amount_mode?: RoundingMode;
  division_base?: DivisionBase;
}

/**
 * One dated entry of a rule. Entries of one `id` follow each other; a new rate is a new entry.
 * `value` is ppm, or micros of the major unit for each `unit`. An empty `categories` or
 * `customers` is for all of them. `reverse_for` names customer classes that account for the
 * tax themselves. `after` names rules of the same sale that are counted before this one.
 * `codes` says what fiscal systems call it; `source` is the law and the date it was read.
 */
export interface TaxRuleInput {
  id: string;
  jurisdiction: string;
  tax_type: string;
  window: WindowInput;
  value: number;
  kind?: TaxKind;
  unit?: Unit;
  categories?: string[];
  context?: Context;
  customers?: string[];
  reverse_for?: string[];
  threshold?: Threshold | null;
  cap?: Cap | null;
  included?: boolean;
  affects_later?: boolean;
  affected_by_previous?: boolean;
  after?: string[];
  codes?: Record<string, string>;
  source?: string;
}

/**
 * Everything that decides the taxes of a store. `jurisdiction` is the narrowest one the store
 * lies in. A line's tax class names one of `categories`. Amounts are minor units of
 * `currency`. `pack` and `compiled` name what the rules were taken from, "" where the shop
 * wrote them itself. `dining` is how an order is handed over unless it says otherwise.
 */
export interface TaxSetupInput {
  jurisdiction: string;
  currency: string;
  jurisdictions: JurisdictionInput[];
  categories: string[];
  rules: TaxRuleInput[];
  holidays?: HolidayInput[];
  policies?: DatedPolicyInput[];
  cash?: CashRoundingInput[];
  receipt?: ReceiptNeeds;
  pack?: string;
  compiled?: string;
  dining?: Dining;
}

/**
 * One tax of a document. What follows `tax_minor` is set where a tax rule made it. `value` is
 * ppm, or micros of the major unit for each `unit` where `kind` is per_unit; `uncharged_minor`
 * is what it comes to where the customer does not pay it here.
 */
export interface TaxView {
  tax_class: string;
  name: string;
  rate_ppm: number;
  base_minor: number;
  tax_minor: number;
  letters: string;
  rule: string;
  jurisdiction: string;
  tax_type: string;
  kind: TaxKind;
  value: number;
  unit: Unit;
  charge: Charge;
  uncharged_minor: number;
  certificate: string;
  holiday: string;
}

/** How many entries of tax rules are in force now. */
export interface TaxesAnswer {
  rules: number;
}

/**
 * The tax rules in force: what they were taken from, and the words they know. `dinings` are
 * the ways of handing over that some rule tells apart, and `customer_classes` the classes some
 * rule names. `own_jurisdictions`, the widest first, and `own_tax_types` are those of the
 * rules for where the store lies.
 */
export interface TaxesView {
  pack: string;
  compiled: string;
  jurisdiction: string;
  categories: string[];
  tax_types: string[];
  dining: Dining;
  dinings: Dining[];
  customer_classes: string[];
  own_jurisdictions: string[];
  own_tax_types: string[];
}

/** Say how many people the order is for; charges may go by it. 0: nobody said. */
export interface TellGuests {
  guests: number;
}

/** The tender; `due_minor` is left to pay, `change_minor` goes back at completion. */
export interface TenderAnswer {
  order_id: string;
  tender: number;
  total_minor: number;
  due_minor: number;
  change_minor: number;
  rounding_minor: number;
}

/**
 * Take cash in minor units, or pay a refund out (negative, exactly what is due). Starts
 * tendering if need be.
 */
export interface TenderCash {
  amount_minor: number;
}

/**
 * Take what is due, or `amount_minor` of it, from a note of store credit; where `amount_minor`
 * is 0, as much as the note has. Starts tendering if need be.
 */
export interface TenderCreditInput {
  code: string;
  amount_minor?: number;
}

/**
 * Take notes of another currency, in its own minor units, at the rate that is set for it.
 * Starts tendering if need be. Change comes in the store's currency.
 */
export interface TenderForeign {
  currency: string;
  amount_minor: number;
}

/**
 * What the house decided of one kind. `over_minor_max` is the most that may be taken over what
 * is due, None for any amount. Without `gives_change` nothing over the due is taken at all.
 * `opens_drawer` is whether a sale that is paid so, if only in part, opens the drawer.
 */
export interface TenderRuleInput {
  kind: string;
  over_minor_max?: number | null;
  gives_change?: boolean;
  opens_drawer?: boolean;
}

/**
 * One tender. `card` is the masked number, "" where it was not by card; `tip_minor` came on
 * top of the amount. Notes of another `currency` ("": the store's) have what was handed over
 * in its minor units and the rate: what one of its major unit counts for, in micros. `credit`
 * is the code of a note of store credit, with what is left of it after. Paid by link,
 * `reference` is the provider's own name for it and `method` how, where it said so. `entry` is
 * keyed or phone where the card's number was typed. `refunded_minor` is what went back of it
 * since its sale.
 */
export interface TenderView {
  tender: number;
  kind: string;
  amount_minor: number;
  card: string;
  brand: string;
  tip_minor: number;
  currency: string;
  foreign_minor: number;
  rate_micros: number;
  credit: string;
  credit_left_minor: number;
  reference: string;
  method: string;
  entry: string;
  refunded_minor: number;
}

/** The frozen total; `cash_due_minor` is the same after cash rounding. */
export interface TenderingAnswer {
  order_id: string;
  total_minor: number;
  due_minor: number;
  cash_due_minor: number;
}

/** The end of day a terminal is asked for; what became of it is in `clearing.state`. */
export interface TerminalDayAnswer {
  day_id: string;
  terminal: string;
  verdict: string;
  differences: number;
}

/**
 * A terminal's last end of day, and whether one is asked for. `day_id` is "" before its first.
 * Differences are items too, and stay on the list until somebody explains them.
 */
export interface TerminalDayView {
  terminal: string;
  day_id: string;
  verdict: string;
  code: string;
  detail: string;
  at_ns: number;
  told_minor: number | null;
  told: SettledTotal[];
  ours: Taken[];
  differences: DayDifference[];
  is_asked: boolean;
}

/**
 * What answered at a place as a card terminal does: its number, and how it said it is.
 * `paired` is the terminal paired there already, "" where there is none. One that is not
 * `is_trusted` tells that number and cannot show it; `code` says why.
 */
export interface TerminalFoundView {
  transport: string;
  serial: string;
  code: string;
  paired: string;
  protocol: TerminalProtocol;
  is_trusted: boolean;
}

/** What is spoken with a terminal. */
export type TerminalProtocol =
  | 'zvt'
  | 'nexo';

/**
 * One terminal by its address. `is_paired` says that it was paired by the page: else its place
 * and number are in the configuration file, and empty here, and what it speaks is not known.
 * What follows is what it last said of itself.
 */
export interface TerminalSetupView {
  terminal: string;
  registers: string[];
  is_paired: boolean;
  transport: string;
  serial: string;
  state: string;
  code: string;
  detail: string;
  protocol: TerminalProtocol | null;
}

/** What a terminal said when it was asked how it is; no payment was asked for. */
export interface TerminalTestView {
  terminal: string;
  is_ready: boolean;
  code: string;
  detail: string;
}

/** Card terminals as set up, and the search for more. Answers `TerminalsView`. */
export type TerminalsState = Record<string, never>;

/** All terminals, and the search. */
export interface TerminalsView {
  terminals: TerminalSetupView[];
  search: SearchView;
}

/** How many acquirers have terms now. */
export interface TermsAnswer {
  acquirers: number;
}

/**
 * Ask a terminal how it is; nothing is paid. Answers `TerminalTestView`, or the refusal
 * terminal_must_be_paired.
 */
export interface TestTerminal {
  terminal: string;
}

/**
 * Below `amount_minor` (at it too, if `exempt_at_amount`) nothing is taxed. Measured on the
 * marked price after discounts; above, the whole is taxed or only the excess.
 */
export interface Threshold {
  amount_minor: number;
  exempt_at_amount: boolean;
  per: Per;
  excess: boolean;
}

/** From so many units on, this comes off each. */
export interface Tier {
  from_count: number;
  off: Off;
}

/** The session that ended. */
export interface TillClosedAnswer {
  session: number;
  expected_minor: number;
  counted_minor: number;
  difference_minor: number;
  foreign: ForeignDifference[];
}

/** A closed till session's count sheet. */
export interface TillCountView {
  register: string;
  session: number;
  operator: string;
  at_ns: number;
  denominations: Denomination[];
  expected_minor: number;
  counted_minor: number;
  difference_minor: number;
  foreign: ForeignDifference[];
  foreign_counts: ForeignCount[];
}

/** The count against what was expected; a difference over nought is too much cash. */
export interface TillCountedAnswer {
  counted_minor: number;
  expected_minor: number;
  difference_minor: number;
  foreign: ForeignDifference[];
}

/** Closed sessions, newest first. Answers `TillCountView`s. */
export interface TillCountsInput {
  limit?: number;
}

/** The till session, counted from 1, and its float. */
export interface TillOpenedAnswer {
  session: number;
  float_minor: number;
}

/** The register's till, blind where it must be. Answers `TillView`. */
export type TillState = Record<string, never>;

/**
 * A till. `expected_minor` is None while the viewer must count blind. `foreign` has every
 * currency to be counted beside the store's own.
 */
export interface TillView {
  session: number;
  is_open: boolean;
  counted: boolean;
  opened_by: string;
  opened_ns: number;
  float_minor: number;
  expected_minor: number | null;
  counted_minor: number | null;
  difference_minor: number | null;
  foreign: ForeignTillView[];
}

/** The tip to be captured with the tab. */
export interface TipAnswer {
  tip_minor: number;
}

/** What the customer is asked for a tip on. */
export interface TipAskedAnswer {
  order_id: string;
  amount_minor: number;
}

/**
 * What a customer is offered for a tip on our own screen: shares of the amount in ppm, amounts
 * in minor units, and how much they may name themselves (`own_minor_max`, 0: not at all).
 */
export interface TipChoices {
  percents_ppm: number[];
  amounts_minor: number[];
  own_minor_max: number;
}

/**
 * What a customer is offered for a tip on our own screen: shares of the amount in ppm, amounts
 * in minor units, and how much they may name themselves (`own_minor_max`, 0: not at all).
 */
export interface TipChoicesInput {
  percents_ppm?: number[];
  amounts_minor?: number[];
  own_minor_max?: number;
}

/**
 * What a customer is asked on our own screen, or was: a tip on `amount_minor`. `shares_minor`
 * are what `percents_ppm` of it come to. `tip_minor` is their answer, and counts only where
 * `is_answered`.
 */
export interface TipView {
  amount_minor: number;
  is_answered: boolean;
  tip_minor: number;
  percents_ppm: number[];
  shares_minor: number[];
  amounts_minor: number[];
  own_minor_max: number;
}

/** The order, its total, and what is still to pay. */
export interface TotalAnswer {
  order_id: string;
  total_minor: number;
  due_minor: number;
}

/**
 * What happened since the last Z, in minor units; returns count as positive amounts. gross =
 * what sale lines came to, returned = what return lines gave back, gross - returned = total;
 * tenders sum to total + rounding. `promotion_minor` is the part of `discount_minor` that
 * promotions took off, `promotions` the same one by one. What was given away is apart from
 * discounts: `comps` lines, at the price they had and at what they cost the shop. `tips` are
 * by operator, and part of nothing else here. `foreign` is the part of the tenders that was
 * notes of other currencies, each in its own and in the store's.
 */
export interface Totals {
  sales: number;
  gross_minor: number;
  returned_minor: number;
  discount_minor: number;
  total_minor: number;
  tax_minor: number;
  taxes: TaxFigures[];
  tenders: Record<string, number>;
  rounding_minor: number;
  open_price_minor: number;
  voided_orders: number;
  voided_lines: number;
  voided_minor: number;
  no_sales: number;
  paid_in_minor: number;
  paid_out_minor: number;
  over_short_minor: number;
  receipt_first: number;
  receipt_last: number;
  since_ns: number;
  promotion_minor: number;
  promotions: PromotionTotal[];
  comps: number;
  comp_minor: number;
  comp_cost_minor: number;
  charges: ChargeTotal[];
  tips: Record<string, number>;
  foreign: ForeignTotal[];
}

/** Whether the register practises from here on. */
export interface TrainingAnswer {
  training: boolean;
}

/** Hand a tender back. */
export interface UndoTender {
  tender: number;
}

/** Go back to ringing up; every tender must be undone first. */
export type UndoTendering = Record<string, never>;

/**
 * What goes back to the customer. Of notes of another `currency` ("": there are none) it is
 * those, not the `returned_minor` that they counted for.
 */
export interface UndoneTenderAnswer {
  order_id: string;
  returned_minor: number;
  currency: string;
  foreign_minor: number;
}

/** What a quantity counts. A degree is what a law counts spirits in: litres × per cent. */
export type Unit =
  | 'piece'
  | 'litre'
  | 'kg'
  | 'degree';

/** Forget a pairing. */
export interface UnpairTerminal {
  terminal: string;
}

/** Stop following. */
export interface UnsubscribeFrame {
  type: 'unsubscribe';
  topic: keyof Topics;
}

/** News on a topic. Snapshot topics send the whole view; `events` sends what happened. */
export interface UpdateFrame {
  type: 'update';
  topic: keyof Topics;
  epoch: number;
  position: number;
  data: unknown;
}

/** Take a line out. */
export interface VoidLineInput {
  line: number;
  reason?: string;
}

/** End the order without a sale. */
export interface VoidOrder {
  reason: string;
}

/** The line that is gone, and the order's new total. */
export interface VoidedLineAnswer {
  order_id: string;
  total_minor: number;
  due_minor: number;
  line: number;
}

/** Let a charge go, with the reason; `withdraw` takes that back. */
export interface WaiveChargeInput {
  charge: string;
  reason?: string;
  withdraw?: boolean;
}

/** The connection is accepted. `heartbeat_s` is how often to ping. */
export interface WelcomeFrame {
  type: 'welcome';
  version: number;
  store: string;
  epoch: number;
  position: number;
  heartbeat_s: number;
}

/**
 * What every promotion in force takes off the register's current order, else the clause that
 * fails. Answers `OrderPromotionsView`, or the refusal order_must_be_open.
 */
export type WhyNoPromotions = Record<string, never>;

/** Store-local days from `start`, up to and without `end`; "" is for good. */
export interface WindowInput {
  start: string;
  end?: string;
}

/** Take a coupon off the order; its code is good again. */
export interface WithdrawCoupon {
  code: string;
}

/**
 * Running totals since the last Z; changes nothing. Answers `ReportView`. Refused as
 * `till_must_be_counted` to whoever may not see the expected cash, while the till is open and
 * its count is not locked: the totals would tell what to count.
 */
export type XReport = Record<string, never>;

/** A Z by number, the last where it is 0. Answers `ReportView`. */
export interface ZReportInput {
  z_number?: number;
}

/** What became of a code the register's scanner read; or who gave their PIN here, and no code. */
export interface NoticeView {
  code: string;
  ok: boolean;
  refusal: RefusalBody | null;
  signed_on?: string;
}

/** A code the register's scanner read, for whoever follows `scans` to do something with. */
export interface ScanView {
  code: string;
}

/** What each command takes. `answer` is the `data` of an answer that is ok. */
export interface Commands {
  'catalog.change_item': { data: ChangeItemInput; answer: ItemAnswer };
  'catalog.install_segment': { data: InstallSegment; answer: SegmentAnswer };
  'catalog.remove_item': { data: RemoveItem; answer: Done };
  'charges.set': { data: SetChargesInput; answer: ChargesAnswer };
  'coupons.issue': { data: IssueCoupons; answer: IssuedAnswer };
  'order.add_line': { data: AddLineInput; answer: LineAnswer };
  'order.add_open_line': { data: AddOpenLineInput; answer: LineAnswer };
  'order.add_return_line': { data: AddReturnLine; answer: ReturnLineAnswer };
  'order.add_return_without_receipt': { data: AddReturnWithoutReceiptInput; answer: ReturnLineAnswer };
  'order.change_quantity': { data: ChangeQuantity; answer: LineAnswer };
  'order.choose_channel': { data: ChooseChannelInput; answer: TotalAnswer };
  'order.choose_customer_group': { data: ChooseCustomerGroupInput; answer: TotalAnswer };
  'order.choose_dining': { data: ChooseDining; answer: TotalAnswer };
  'order.choose_promotion': { data: ChoosePromotionInput; answer: TotalAnswer };
  'order.choose_reward': { data: ChooseRewardInput; answer: TotalAnswer };
  'order.choose_tender': { data: ChooseTenderInput; answer: TotalAnswer };
  'order.comp_line': { data: CompLineInput; answer: TotalAnswer };
  'order.comp_order': { data: CompOrderInput; answer: TotalAnswer };
  'order.complete': { data: CompleteOrder; answer: CompletedAnswer };
  'order.discount_line': { data: DiscountLineInput; answer: LineAnswer };
  'order.discount_order': { data: DiscountOrderInput; answer: TotalAnswer };
  'order.exempt': { data: ExemptOrderInput; answer: TotalAnswer };
  'order.note': { data: AddNoteInput; answer: TotalAnswer };
  'order.open': { data: OpenOrderInput; answer: TotalAnswer };
  'order.override_price': { data: OverridePrice; answer: LineAnswer };
  'order.present_coupon': { data: PresentCoupon; answer: LineAnswer };
  'order.refund_to_credit': { data: RefundToCreditInput; answer: CreditTenderAnswer };
  'order.reprint_receipt': { data: ReprintReceiptInput; answer: ReprintAnswer };
  'order.resume': { data: ResumeOrder; answer: TotalAnswer };
  'order.start_tendering': { data: StartTendering; answer: TenderingAnswer };
  'order.suspend': { data: SuspendOrderInput; answer: OrderAnswer };
  'order.tell_guests': { data: TellGuests; answer: TotalAnswer };
  'order.tender_cash': { data: TenderCash; answer: TenderAnswer };
  'order.tender_credit': { data: TenderCreditInput; answer: CreditTenderAnswer };
  'order.tender_foreign': { data: TenderForeign; answer: ForeignTenderAnswer };
  'order.undo_tender': { data: UndoTender; answer: UndoneTenderAnswer };
  'order.undo_tendering': { data: UndoTendering; answer: OrderAnswer };
  'order.void': { data: VoidOrder; answer: OrderAnswer };
  'order.void_line': { data: VoidLineInput; answer: VoidedLineAnswer };
  'order.waive_charge': { data: WaiveChargeInput; answer: TotalAnswer };
  'order.withdraw_coupon': { data: WithdrawCoupon; answer: TotalAnswer };
  'paylink.cancel': { data: CancelPaylink; answer: PaylinkAnswer };
  'paylink.close_exception': { data: CloseLinkException; answer: PaylinkAnswer };
  'paylink.request': { data: RequestPaylinkInput; answer: PaylinkAnswer };
  'paylink.reverse_tender': { data: ReverseLinkTender; answer: PaylinkAnswer };
  'paylink.send_back': { data: SendBackPaylink; answer: PaylinkAnswer };
  'payment.adjust_tip': { data: AdjustTip; answer: TipAnswer };
  'payment.answer_tip': { data: AnswerTip; answer: TipAnswer };
  'payment.ask_tip': { data: AskTipInput; answer: TipAskedAnswer };
  'payment.cancel': { data: CancelPayment; answer: PaymentAnswer };
  'payment.capture_tab': { data: CaptureTab; answer: PaymentAnswer };
  'payment.close_exception': { data: CloseException; answer: PaymentAnswer };
  'payment.leave_tip': { data: LeaveTipInput; answer: OrderAnswer };
  'payment.open_tab': { data: OpenTab; answer: PaymentAnswer };
  'payment.raise_tab': { data: RaiseTab; answer: PaymentAnswer };
  'payment.release_tab': { data: ReleaseTab; answer: PaymentAnswer };
  'payment.request': { data: RequestPaymentInput; answer: PaymentAnswer };
  'payment.reverse_again': { data: ReverseAgain; answer: PaymentAnswer };
  'payment.reverse_tender': { data: ReverseTender; answer: PaymentAnswer };
  'payment.set_aside': { data: SetPaymentAside; answer: PaymentAnswer };
  'payment.set_offline_policy': { data: SetOfflinePolicyInput; answer: Done };
  'prices.install': { data: InstallPrices; answer: PricesAnswer };
  'prices.set': { data: SetPricesInput; answer: PricesAnswer };
  'prices.stage': { data: StagePricesInput; answer: PartAnswer };
  'promotions.set': { data: SetPromotionsInput; answer: PromotionsAnswer };
  'register.close_day': { data: CloseDay; answer: DayClosedAnswer };
  'register.end_training': { data: EndTraining; answer: TrainingAnswer };
  'register.start_training': { data: StartTraining; answer: TrainingAnswer };
  'settings.configure_store': { data: ConfigureStoreInput; answer: Done };
  'settings.define_register': { data: DefineRegisterInput; answer: Done };
  'settings.set_foreign_currencies': { data: SetForeignCurrenciesInput; answer: Done };
  'settings.set_return_rules': { data: SetReturnRulesInput; answer: Done };
  'settings.set_tax_classes': { data: SetTaxClasses; answer: Done };
  'settings.set_tender_rules': { data: SetTenderRulesInput; answer: Done };
  'settlement.explain': { data: ExplainItem; answer: ExplainedAnswer };
  'settlement.import': { data: ImportSettlement; answer: SettlementAnswer };
  'settlement.set_terms': { data: SetTermsInput; answer: TermsAnswer };
  'settlement.stage': { data: StageSettlementInput; answer: PartAnswer };
  'staff.add_operator': { data: AddOperatorInput; answer: Done };
  'staff.change_pin': { data: ChangePinInput; answer: Done };
  'staff.define_role': { data: DefineRole; answer: Done };
  'staff.sign_off': { data: SignOff; answer: Done };
  'staff.sign_on': { data: SignOnInput; answer: SignedOnAnswer };
  'taxes.set': { data: SetTaxesInput; answer: TaxesAnswer };
  'terminal.end_day': { data: EndTerminalDayInput; answer: TerminalDayAnswer };
  'terminal.pair': { data: PairTerminalInput; answer: PairedAnswer };
  'terminal.unpair': { data: UnpairTerminal; answer: PairedAnswer };
  'till.close': { data: CloseTill; answer: TillClosedAnswer };
  'till.count': { data: CountTillInput; answer: TillCountedAnswer };
  'till.no_sale': { data: OpenDrawer; answer: Done };
  'till.open': { data: OpenTill; answer: TillOpenedAnswer };
  'till.pay_in': { data: PayIn; answer: Done };
  'till.pay_out': { data: PayOut; answer: Done };
}

/** What each query takes. `answer` is the `data` of an answer that is ok. */
export interface Queries {
  'activity.find': { data: FindActivityInput; answer: ActivityRow[] };
  'catalog.grid': { data: CatalogGridInput; answer: GridView };
  'catalog.search': { data: SearchCatalogInput; answer: ItemView[] };
  'clearing.fees': { data: FindPaymentFeesInput; answer: PaymentFeesView };
  'clearing.state': { data: ClearingStateInput; answer: ClearingView };
  'credit.get': { data: GetCredit; answer: CreditView };
  'credits.list': { data: ListCreditsInput; answer: CreditsView };
  'display.state': { data: DisplayState; answer: DisplayView };
  'events.since': { data: EventsSinceInput; answer: EventsView };
  'order.explain': { data: ExplainOrder; answer: OrderReasonsView };
  'order.get': { data: GetOrder; answer: OrderView };
  'order.why_not': { data: WhyNoPromotions; answer: OrderPromotionsView };
  'orders.suspended': { data: SuspendedOrders; answer: SuspendedView[] };
  'paylinks.open': { data: OpenPaylinks; answer: PaylinksView };
  'payments.open': { data: OpenPayments; answer: PaymentsView };
  'receipt.get': { data: GetReceipt; answer: ReceiptView };
  'receipts.find': { data: FindReceiptsInput; answer: ReceiptRow[] };
  'register.state': { data: RegisterState; answer: RegisterView };
  'report.x': { data: XReport; answer: ReportView };
  'report.z': { data: ZReportInput; answer: ReportView };
  'store.state': { data: StoreState; answer: StoreView };
  'store.status': { data: StoreStatus; answer: StatusView };
  'tabs.open': { data: OpenTabs; answer: OpenTabView[] };
  'terminals.find': { data: FindTerminals; answer: TerminalsView };
  'terminals.state': { data: TerminalsState; answer: TerminalsView };
  'terminals.stop_search': { data: CancelSearch; answer: TerminalsView };
  'terminals.test': { data: TestTerminal; answer: TerminalTestView };
  'till.counts': { data: TillCountsInput; answer: TillCountView[] };
  'till.state': { data: TillState; answer: TillView };
}

/** What an update on each topic carries. */
export interface Topics {
  register: RegisterView;
  display: DisplayView;
  status: StatusView;
  events: EventsView;
  notice: NoticeView;
  scans: ScanView;
}
