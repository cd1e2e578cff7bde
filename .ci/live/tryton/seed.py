"""Fill an empty Tryton 6.0 database with the plan of the live test.

usage: seed.py trytond.conf database < plan.json

Works in one process with the database, before the server starts, through proteus: the same models, wizards and checks
a user of the server meets. All days of the plan are relative to today; nothing else depends on when it runs.
"""
import datetime
import json
import sys
from decimal import Decimal

from proteus import Model, Report, Wizard, config

TODAY = datetime.date.today()
CHUNK = 8  # invoices posted in one transaction
LEVELS = [5, 20, 40]  # days overdue from which each dunning level applies


def day(offset):
    return TODAY + datetime.timedelta(days=offset)


def one(model, *clauses):
    found, = Model.get(model).find(list(clauses), limit=1)
    return found


def make(model, **values):
    record = Model.get(model)(**values)
    record.save()
    return record


def set_up(ctx):
    """Currencies, company, chart of accounts, fiscal years, taxes, terms, payment method, dunning procedure, products, categories."""
    currencies = {}
    for code, name, rate in [('CHF', 'Swiss Franc', '1'), ('EUR', 'Euro', '1.06')]:
        currencies[code] = make('currency.currency', name=name, symbol=code, code=code, rounding=Decimal('0.01'))
        make('currency.currency.rate', currency=currencies[code], date=datetime.date(2000, 1, 1), rate=Decimal(rate))
    countries = {code: make('country.country', name=name, code=code)
        for code, name in [('CH', 'Switzerland'), ('DE', 'Germany'), ('AT', 'Austria')]}

    wizard = Wizard('company.company.config')
    wizard.execute('company')
    wizard.form.party = make('party.party', name='Muster Handel AG')
    wizard.form.currency = currencies['CHF']
    wizard.execute('add')
    ctx._context = Model.get('res.user').get_preferences(True, {})
    company = one('company.company')

    template = Model.get('account.account.template')(
        one('ir.model.data', ('module', '=', 'account'), ('fs_id', '=', 'account_template_root_en')).db_id)
    chart = Wizard('account.create_chart')
    chart.execute('account')
    chart.form.account_template = template
    chart.form.company = company
    chart.execute('create_account')
    account = {kind: one('account.account', ('type.%s' % kind, '=', True), ('company', '=', company.id))
        for kind in ['receivable', 'payable', 'revenue', 'expense']}
    chart.form.account_receivable = account['receivable']
    chart.form.account_payable = account['payable']
    chart.execute('create_properties')
    cash = one('account.account', ('name', '=', 'Main Cash'))
    owed_tax = one('account.account', ('name', '=', 'Main Tax'))

    kind = {name: one('ir.sequence.type', ('name', '=', name)) for name in ['Account Move', 'Invoice']}
    for year in range(day(-420).year, TODAY.year + 1):
        moves = make('ir.sequence', name='Moves %d' % year, sequence_type=kind['Account Move'], company=company)
        numbers = {}
        for prefix in ['RE', 'GS', 'ER']:
            numbers[prefix] = make('ir.sequence.strict', name='%s %d' % (prefix, year), sequence_type=kind['Invoice'],
                company=company, prefix='%s%d-' % (prefix, year), padding=4)
        fiscal_year = Model.get('account.fiscalyear')(name=str(year), company=company,
            start_date=datetime.date(year, 1, 1), end_date=datetime.date(year, 12, 31), post_move_sequence=moves)
        sequences, = fiscal_year.invoice_sequences
        sequences.out_invoice_sequence = numbers['RE']
        sequences.out_credit_note_sequence = numbers['GS']
        sequences.in_invoice_sequence = numbers['ER']
        sequences.in_credit_note_sequence = numbers['ER']
        fiscal_year.save()
        fiscal_year.click('create_period')

    taxes = {}
    for rate in ['8.1', '2.6']:
        taxes[rate] = make('account.tax', name='VAT %s %%' % rate, description='VAT %s %%' % rate, type='percentage',
            rate=Decimal(rate) / 100, invoice_account=owed_tax, credit_note_account=owed_tax)
    terms = {}
    for days in [10, 30]:
        term = Model.get('account.invoice.payment_term')(name='%d days' % days)
        line = term.lines.new(type='remainder')
        line.relativedeltas.new(days=days)
        term.save()
        terms[days] = term
    method = make('account.invoice.payment.method', name='Bank', journal=one('account.journal', ('type', '=', 'cash')),
        credit_account=cash, debit_account=cash)
    procedure = Model.get('account.dunning.procedure')(name='Reminders')
    for sequence, days in enumerate(LEVELS, 1):
        procedure.levels.new(sequence=sequence, overdue=datetime.timedelta(days))
    procedure.save()

    category = Model.get('product.category')(name='Goods', accounting=True,
        account_expense=account['expense'], account_revenue=account['revenue'])
    category.customer_taxes.append(Model.get('account.tax')(taxes['8.1'].id))
    category.save()
    unit = one('product.uom', ('name', '=', 'Unit'))
    products = {}
    for name, kind, price in [('Work boots', 'goods', '89.90'), ('Assembly', 'service', '150.00')]:
        template = make('product.template', name=name, default_uom=unit, type=kind, salable=True, sale_uom=unit,
            list_price=Decimal(price), account_category=category)
        products[name], = template.products
    stock = Model.get('stock.inventory')(location=one('stock.location', ('code', '=', 'STO')))
    stock.lines.new(product=products['Work boots'], quantity=100.0, expected_quantity=0.0)
    stock.click('confirm')
    regulars = make('party.category', name='Regulars')
    categories = {'Regulars': regulars, 'Gold': make('party.category', name='Gold', parent=regulars),
        'Former': make('party.category', name='Former', active=False)}
    recurrences = {}
    for name, frequency in [('Monthly', 'monthly'), ('Yearly', 'yearly')]:
        recurrences[name] = Model.get('sale.subscription.recurrence.rule.set')(name=name)
        rule, = recurrences[name].rules or [recurrences[name].rules.new()]
        rule.freq, rule.interval = frequency, 1
        recurrences[name].save()
    service = make('sale.subscription.service', product=products['Assembly'], consumption_recurrence=recurrences['Monthly'])
    return dict(currencies=currencies, countries=countries, revenue=account['revenue'], receivable=account['receivable'], taxes=taxes, terms=terms,
        method=method, procedure=procedure, products=products, categories=categories, recurrences=recurrences, service=service)


def make_party(client, base):
    party = Model.get('party.party')(name=client['company'] or '%s %s' % (client['first'], client['last']))
    address, = party.addresses or [party.addresses.new()]
    address.party_name = client['company'] and '%s %s' % (client['first'], client['last'])
    address.street, address.postal_code, address.city = client['street'], client['postalCode'], client['city']
    address.country = base['countries'][client['country']]
    for kind, value in [('email', client['erpEmail']), ('phone', client['phone']), ('mobile', client['mobile']), ('fax', client['fax'])]:
        if value:
            party.contact_mechanisms.new(type=kind, value=value)
    party.identifiers.new(code=client['number'])
    if client['vat']:
        party.identifiers.new(type='ch_vat' if client['country'] == 'CH' else 'eu_vat', code=client['vat'])
    if client['dunned']:
        party.dunning_procedure = base['procedure']
    for name in client['categories'] or []:
        party.categories.append(Model.get('party.category')(base['categories'][name].id))
    party.save()
    return party


def make_invoices(ctx, bills, base):
    """Create and post (drafts stay) many invoices at once, given (party, bill); returned in the same order.

    A plain create of all, because filling in forms one by one takes half a second for each.
    """
    journal = one('account.journal', ('type', '=', 'revenue'))
    company = one('company.company')
    values = [{
        'type': 'out', 'company': company.id, 'journal': journal.id, 'account': base['receivable'].id,
        'party': party.id, 'invoice_address': party.addresses[0].id, 'currency': base['currencies'][bill['currency']].id,
        'payment_term': base['terms'][bill['term']].id, 'invoice_date': day(bill['day']), 'description': bill['note'],
        'lines': [('create', [{
            'type': 'line', 'company': company.id, 'currency': base['currencies'][bill['currency']].id,
            'account': base['revenue'].id, 'description': item['text'], 'quantity': float(item['quantity']),
            'unit_price': Decimal(item['price']), 'taxes': [('add', [base['taxes'][item['tax']].id])] if item['tax'] else [],
            } for item in bill['lines']])],
        } for party, bill in bills]
    proxy = ctx.get_proxy('account.invoice')
    ids = proxy.create(values, ctx.context)
    drafts = [i for i, (_, bill) in zip(ids, bills) if bill['fate'] == 'draft']
    proxy.write(drafts, {'comment': 'not sent yet'}, ctx.context)  # a write computes the taxes
    posted = [i for i in ids if i not in drafts]
    for start in range(0, len(posted), CHUNK):
        proxy.post(posted[start:start + CHUNK], ctx.context)
    Invoice = Model.get('account.invoice')
    return [Invoice(i) for i in ids]


def pay(invoice, payment, base):
    wizard = Wizard('account.invoice.pay', [invoice])
    wizard.form.payment_method = base['method']
    wizard.form.date = day(payment['day'])
    if payment['amount']:
        wizard.form.amount = Decimal(payment['amount'])
    wizard.execute('choice')
    if wizard.form_state == 'ask':
        wizard.form.type = 'partial'
        wizard.execute('pay')


def make_sale(party, sale, base):
    record = Model.get('sale.sale')(party=party, payment_term=base['terms'][30],
        currency=base['currencies']['CHF'], invoice_method='order', reference='PO-%d' % -sale['day'])
    if sale['state'] not in ('draft', 'quotation', 'dropped'):
        record.sale_date = day(sale['day'])
    for item in sale['lines']:
        line = record.lines.new()
        line.product = base['products'][item['text']]
        line.quantity = float(item['quantity'])
    record.save()
    if sale['state'] == 'draft':
        return
    record.click('quote')
    if sale['state'] in ('cancelled', 'dropped'):
        record.click('cancel')
    if sale['state'] in ('quotation', 'cancelled', 'dropped'):
        return
    confirm(record, sale['state'], base)
    if sale['returned']:
        take_back(record, sale['returned'], base)


def confirm(record, state, base):
    """Confirm a quoted sale and let it go as far as the state says."""
    record.click('confirm')
    if record.state == 'confirmed':
        record.click('process')
    for invoice in record.invoices:
        invoice.invoice_date = TODAY
        invoice.click('post')
        if state == 'done':
            pay(invoice, {'day': 0, 'amount': ''}, base)
    if state in ('shipped', 'done'):
        for shipment in record.shipments:
            for step in ['assign_try', 'pick', 'pack', 'done']:
                shipment.click(step)
        for shipment in record.shipment_returns:
            for step in ['receive', 'done']:
                shipment.click(step)


def take_back(record, state, base):
    """The wizard by which the office takes a sale back."""
    wizard = Wizard('sale.return_sale', [record])
    wizard.execute('return_')
    back = Model.get('sale.sale').find([('origin', '=', 'sale.sale,%d' % record.id)], order=[('id', 'DESC')], limit=1)[0]
    if len(back.lines) > 1 and state != 'draft':
        back.lines.remove(back.lines[1])  # work that was done stays done
        back.save()
    if state == 'draft':
        return
    back.click('quote')
    if state == 'cancelled':
        back.click('cancel')
        return
    confirm(back, state, base)


def subscribe(party, subscription, base):
    record = Model.get('sale.subscription')(party=party, start_date=day(subscription['day']), payment_term=base['terms'][30],
        description=subscription['title'], invoice_recurrence=base['recurrences'][subscription['every']])
    record.currency = base['currencies']['CHF']
    if subscription['ends']:
        record.end_date = day(subscription['ends'])
    line = record.lines.new()
    line.service = base['service']
    line.quantity = float(subscription['quantity'])
    line.unit_price = Decimal(subscription['price'])
    line.consumption_recurrence = base['recurrences'][subscription['used']]
    record.save()
    if subscription['state'] == 'draft':
        return
    record.click('quote')
    if subscription['state'] == 'cancelled':
        record.click('cancel')
    elif subscription['state'] == 'running':
        record.click('run')


def dun(base):
    """Raise each overdue line of a dunned party step by step: the first run makes level one, each further run the next."""
    Dunning = Model.get('account.dunning')
    for run in range(len(LEVELS)):
        wizard = Wizard('account.dunning.create')
        wizard.form.date = TODAY
        wizard.execute('create_')
        drafts = Dunning.find([('state', '=', 'draft')], order=[('id', 'ASC')])
        if run == len(LEVELS) - 1:
            drafts = drafts[:-1]  # one reminder stays a draft
        if drafts:
            Wizard('account.dunning.process', drafts).execute('process')
    blocked = Dunning.find([('level.sequence', '=', 1)], order=[('id', 'ASC')], limit=1)[0]
    blocked.blocked = True
    blocked.save()
    # The oldest debt runs past the last level and goes to collection; the others are held back meanwhile.
    last = Dunning.find([('state', '=', 'waiting'), ('level.sequence', '=', len(LEVELS))])
    last.sort(key=lambda dunning: (dunning.maturity_date, dunning.id))
    for held in (True, False):
        for dunning in last[1:]:
            dunning.blocked = held
            dunning.save()
        if held:
            wizard = Wizard('account.dunning.create')
            wizard.form.date = TODAY
            wizard.execute('create_')


def print_copies(ids):
    """Print invoices as the office does; the ERP keeps what it printed."""
    for i in ids:
        Report('account.invoice').execute([Model.get('account.invoice')(i)])


def make_reader():
    """The user of customer360: may read what the office works with, and administers nothing."""
    groups = Model.get('res.group').find([('name', 'in', ['Account', 'Dunning', 'Sales', 'Stock'])])
    user = Model.get('res.user')(name='customer360', login='customer360', password='live-customer360')
    user.groups.extend(groups)
    company = one('company.company')
    user.companies.append(company)
    user.company = company
    user.save()


def main():
    ctx = config.set_trytond(sys.argv[2], config_file=sys.argv[1])
    # The answer to each "are you sure?", such as posting an invoice that is already due, is yes.
    ctx.pool.get('res.user.warning').check = staticmethod(lambda name: False)
    # Printing takes longer than all else; of what it writes, the few that are read below are enough.
    invoice_class = ctx.pool.get('account.invoice')
    print_invoice, invoice_class.print_invoice = invoice_class.print_invoice, lambda invoice: None
    plan = json.load(sys.stdin)
    base = set_up(ctx)
    parties = [make_party(client, base) for client in plan['clients']]
    twin = make_party(plan['twin'], base)

    # Numbers must rise with the dates, so the bills come in the order of their days.
    bills = sorted(plan['bills'], key=lambda bill: (bill['day'], bill['client']))
    work = [(parties[bill['client']], bill) for bill in bills]
    work.append((twin, dict(bills[-2], day=-1, fate='posted', note='of the twin')))
    invoices = list(zip(bills, make_invoices(ctx, work, base)))
    for bill, invoice in invoices:
        for payment in bill['payments'] or []:
            pay(invoice, payment, base)
        if bill['fate'] == 'credited':
            wizard = Wizard('account.invoice.credit', [invoice])
            wizard.form.invoice_date = TODAY
            wizard.form.with_refund = True
            wizard.execute('credit')
    dun(base)
    for bill, invoice in invoices:
        if bill['settle']:
            pay(invoice, {'day': 0, 'amount': ''}, base)
    for sale in sorted(plan['sales'], key=lambda sale: sale['day']):
        make_sale(parties[sale['client']], sale, base)
    for subscription in plan['subscriptions']:
        subscribe(parties[subscription['client']], subscription, base)
    invoice_class.print_invoice = print_invoice
    printed = [invoice.id for bill, invoice in invoices if bill['fate'] == 'posted'][:2]
    print_copies(printed)

    wizard = Wizard('party.replace', [twin])
    wizard.form.destination = parties[0]
    wizard.execute('replace')
    for client, party in zip(plan['clients'], parties):
        if client['inactive']:
            party.active = False
            party.save()
    make_reader()


main()
