// What no sale needs at once. These panels are a file of their own, so that selling starts sooner.
import Activity from './Activity.svelte';
import Choices from './Choices.svelte';
import Clearing from './Clearing.svelte';
import DiscountPanel from './DiscountPanel.svelte';
import Exceptions from './Exceptions.svelte';
import { keepFocus } from './focus';
import Offline from './Offline.svelte';
import LinkTalk from './LinkTalk.svelte';
import OpenItem from './OpenItem.svelte';
import Override from './Override.svelte';
import Parked from './Parked.svelte';
import ParkForm from './ParkForm.svelte';
import Receipts from './Receipts.svelte';
import RefundCards from './RefundCards.svelte';
import Reports from './Reports.svelte';
import SplitPanel from './SplitPanel.svelte';
import StatusDetails from './StatusDetails.svelte';
import SwitchOperator from './SwitchOperator.svelte';
import TabClose from './TabClose.svelte';
import Tabs from './Tabs.svelte';
import Terminals from './Terminals.svelte';
import VoidForm from './VoidForm.svelte';
import Why from './Why.svelte';

keepFocus();

export default {
  activity: Activity,
  choices: Choices,
  clearing: Clearing,
  discount: DiscountPanel,
  exceptions: Exceptions,
  link: LinkTalk,
  offline: Offline,
  'open-item': OpenItem,
  override: Override,
  park: ParkForm,
  parked: Parked,
  receipts: Receipts,
  refund: RefundCards,
  reports: Reports,
  return: Receipts,
  split: SplitPanel,
  status: StatusDetails,
  switch: SwitchOperator,
  tab: TabClose,
  tabs: Tabs,
  terminals: Terminals,
  void: VoidForm,
  why: Why,
};
