"""Names by which columns are recognised, whatever they say beside."""

from __future__ import annotations

import pytest

from tables.discovery.vocabulary import is_minor, load_vocabulary, tax_of


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Kd.-Nr.", "customer_id"), ("Kundennummer", "customer_id"), ("Code client", "customer_id"),
        ("customer.id", "customer_id"), ("会員コード", "customer_id"), ("Art.-Nr.", "item_id"),
        ("line_items.sku", "item_id"), ("N° commande", "order_id"), ("Numéro de facture", "order_id"),
        ("Montant TTC", "amount"), ("amount_cents", "amount"), ("Gesamt brutto", "amount"), ("金額税込", "amount"),
        ("Order Total (incl. VAT)", "amount"), ("total excl. tax", "amount"), ("movieId", "item_id"),
        ("film", "item_id"),
    ],
)  # fmt: skip
def test_a_name_is_recognised_beside_what_it_says_of_tax_cents_and_numbers(name: str, column: str):
    assert load_vocabulary().rank_of(name, table="purchases", column=column) is not None


@pytest.mark.parametrize(
    "names",
    [
        ("หมายเลขลูกค้า", "วันที่สั่งซื้อ", "ยอดเงิน", "จำนวนชิ้น", "รหัสสินค้า", "เลขที่ใบเสร็จ"),
        ("رقم العميل", "تاريخ الطلب", "المبلغ الاجمالى", "الكمية", "رمز المنتج", "رقم الفاتورة"),
        ("Mã khách hàng", "NGÀY MUA", "Thành tiền", "Số lượng", "Mã sản phẩm", "Số đơn hàng"),
        ("고객 번호", "결제일시", "주문금액", "판매수량", "상품코드", "주문번호"),
        ("客户编号", "下单时间", "实付金额", "购买数量", "商品编码", "订单号"),
        ("會員編號", "訂單日期", "訂單金額", "數量", "商品編號", "訂單編號"),
        ("Müşteri Kodu", "Satış Tarihi", "Toplam Tutar", "Adet", "ÜRÜN NO", "Fatura No"),
        ("ID Pelanggan", "Tgl Transaksi", "Total Harga", "Jumlah", "Kode Barang", "No. Faktur"),
        ("ग्राहक आईडी", "ऑर्डर तिथि", "कुल राशि", "मात्रा", "उत्पाद कोड", "ऑर्डर नंबर"),
        ("Код клиента", "Дата продажи", "Сумма", "Кол-во", "Артикул", "№ заказа"),
        ("Κωδικός πελάτη", "Ημερομηνία", "Ποσό", "Ποσότητα", "Προϊόν", "Αριθμός παραγγελίας"),
    ],
    ids=["th", "ar", "vi", "ko", "zh", "zh-tw", "tr", "id", "hi", "ru", "el"],
)  # fmt: skip
def test_customer_time_amount_quantity_item_and_order_have_names_in_many_languages(names: tuple[str, ...]):
    columns = ("customer_id", "event_time", "amount", "quantity", "item_id", "order_id")
    rank_of = load_vocabulary().rank_of

    assert [
        name
        for name, column in zip(names, columns, strict=True)
        if rank_of(name, table="purchases", column=column) is None
    ] == []


@pytest.mark.parametrize("name", ["Sales Tax", "phone no", "Postcode", "tax", "country code", "Customer name"])
def test_other_names_are_not(name: str):
    vocabulary = load_vocabulary()

    ranks = [vocabulary.rank_of(name, table="purchases", column=one) for one in vocabulary.columns["purchases"]]

    assert set(ranks) == {None}


@pytest.mark.parametrize(
    ("name", "tax"),
    [("金額（税込）", "included"), ("税抜金額", "excluded"), ("Montant TTC", "included"), ("Total HT", "excluded"),
     ("Betrag inkl. MwSt", "included"), ("amount_excl_vat", "excluded"), ("amount", None), ("height", None),
     ("Tax", None)],
)  # fmt: skip
def test_a_name_says_whether_tax_is_included(name: str, tax: str | None):
    assert tax_of(name) == tax


def test_cents_are_a_word_of_their_own():
    assert is_minor("amount_cents")
    assert is_minor("Price (in pence)")
    assert not is_minor("percent")
    assert not is_minor("center id")


@pytest.mark.parametrize(
    ("name", "table", "column"),
    [
        ("Cust #", "purchases", "customer_id"), ("id_usuario", "subscriptions", "customer_id"),
        ("Identifiant de l'abonné", "usage", "customer_id"), ("Mitgliederkennung", "customers", "customer_id"),
        ("支援者コード", "purchases", "customer_id"), ("Fecha de compra", "purchases", "event_time"),
        ("Einkaufsdatum", "purchases", "event_time"), ("Data acquisto", "purchases", "event_time"),
        ("Valor da compra", "purchases", "amount"), ("受付番号", "purchases", "order_id"),
        ("cuota_mensual", "subscriptions", "mrr"), ("Canone mensile", "subscriptions", "mrr"),
        ("fecha_inicio", "subscriptions", "started_at"), ("Vertragsende", "subscriptions", "ended_at"),
        ("Référence contrat", "subscriptions", "subscription_id"), ("Passage", "usage", "event_time"),
    ],
)  # fmt: skip
def test_a_name_that_no_list_has_is_recognised_word_by_word(name: str, table: str, column: str):
    assert load_vocabulary().rank_of(name, table=table, column=column) is not None


@pytest.mark.parametrize(
    "name",
    ["order status", "customer order", "Kundengruppe", "item name", "Lieferdatum", "Geburtstag", "discount amount"],
)
def test_a_word_that_means_something_else_makes_it_another_name(name: str):
    vocabulary = load_vocabulary()
    columns = ("customer_id", "event_time", "amount", "order_id", "quantity")

    assert {vocabulary.rank_of(name, table="purchases", column=one) for one in columns} == {None}


def test_a_listed_name_wins_over_one_that_is_put_together():
    vocabulary = load_vocabulary()
    listed, composed = (
        vocabulary.rank_of(name, table="purchases", column="customer_id") for name in ("email", "id del usuario")
    )

    assert listed is not None
    assert composed is not None
    assert listed < composed
