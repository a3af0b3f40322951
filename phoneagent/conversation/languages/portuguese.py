"""Portuguese, in words that are polite in Portugal and in Brazil."""

from __future__ import annotations

from .language import Dictation, Language, Moments, listed

PORTUGUESE = Language(
    name="Portuguese",
    greeting="Olá, em que posso ajudar?",
    introduction="Olá, aqui é {agent}. A ligação é sobre o seguinte: {purpose}.",
    busy="Lamento, todas as nossas linhas estão ocupadas. Por favor, ligue novamente dentro de alguns minutos.",
    queued="Todas as nossas linhas estão ocupadas. Por favor, aguarde na linha.",
    broken="Lamento, temos um problema técnico. Por favor, ligue novamente mais tarde.",
    phrases={
        "idle_prompts": ("Ainda está aí?",),
        "idle_goodbye": "Não consigo ouvir nada, por isso vou desligar. Até à próxima.",
        "fillers": ("Um momento, por favor.", "Deixe-me ver."),
        "later_fillers": ("Ainda estou procurando.", "Vai demorar mais um pouco."),
        "apology": "Lamento, algo deu errado. Poderia repetir, por favor?",
        "failure_goodbye": (
            "Lamento, tenho um problema técnico e preciso terminar esta ligação. Por favor, ligue novamente mais tarde."
        ),
        "time_goodbye": "Lamento, chegamos ao limite de tempo desta ligação. Adeus.",
        "unfinished": "Lamento, não consegui terminar. Posso ajudar de outra forma?",
        "declined": "Lamento, não posso ajudar com isso. Posso ajudar em mais alguma coisa?",
        "goodbye": "Adeus.",
        "bridge": "Estou de volta. Peço desculpa pela interrupção.",
        "transfer_busy": "Lamento, a linha está ocupada neste momento. Posso ajudar de outra forma?",
        "transfer_unanswered": "Lamento, ninguém atende neste momento. Posso ajudar de outra forma?",
        "transfer_declined": "Lamento, ninguém pode atender neste momento. Posso ajudar de outra forma?",
        "transfer_closed": "Lamento, não há ninguém a esta hora. Posso ajudar de outra forma?",
        "transfer_failed": "Lamento, não consegui transferir a ligação. Posso ajudar de outra forma?",
        "transfer_emergency": (
            "Não posso ligar para os serviços de emergência. Se precisa de ajuda, por favor, desligue e ligue para o "
            "número de emergência."
        ),
    },
    transfer_phrases={
        "offer": "Uma ligação para si. {summary} Prima 1 para aceitar ou 2 para recusar.",
        "gone": "Quem ligou já não está na linha. Adeus.",
        "thanks": "Muito agradecemos. Adeus.",
        "nobody": "Já não há ninguém à espera. Adeus.",
        "waiting": "Por favor, aguarde na linha. A sua posição na fila é {position}.",
    },
    dialogue={
        "question": "Em que posso ajudar?",
        "not_understood": "Desculpe, não entendi.",
        "offer_person": "Lamento, continuo sem entender. Quer falar com uma pessoa?",
        "yes": (
            "sim [por favor | claro]",
            "claro [que sim]",
            "com certeza",
            "certo",
            "correto",
            "exato",
            "isso [mesmo]",
            "está (certo | bem | bom)",
            "pode ser",
        ),
        "no": ("não [obrigado | obrigada]", "nem por isso", "melhor não", "(não está | está) (certo | errado)"),
        "repeat": (
            "como",
            "desculpe",
            "perdão",
            "o que disse",
            "como disse",
            "(pode | poderia) repetir [por favor]",
        ),
        "back": ("[o | ao] menu [principal]", "(voltar | volta) [ao menu [principal]]"),
        "choice": "Para {label}, digite {key}.",
        "wrong_key": "Não existe a opção {key}.",
        "back_label": "o menu principal",
        "person_label": "falar com uma pessoa",
        "digits": ("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"),
        "key_names": {"*": "asterisco", "#": "cardinal"},
        "keys_only": "Neste momento só posso ajudar pelas teclas do seu telefone.",
    },
    backchannels=listed(
        "mhm|mm|mm-hm|hm|hmm|hum|uhum|aham|ahã|ah|oh|ah sim|ah tá|sim|sim sim|pois|pois é|pois sim|certo|tá|tá bom|tá certo|"
        "está bem|está bom|ok|okay|okei|claro|entendi|entendo|percebo|percebi|compreendo|exato|isso|isso mesmo|beleza|"
        "bom|muito bem|perfeito|com certeza|ah ok|já vi|é"
    ),
    closings=listed(
        "adeus|tchau|tchau tchau|até logo|até mais|até já|até à próxima|até breve|obrigado|obrigada|muito obrigado|"
        "muito obrigada|valeu|bom dia|boa tarde|boa noite|tenha um bom dia|igualmente|para si também|para você também|"
        "um bom dia|bom fim de semana|eu que agradeço"
    ),
    interrupting=listed(
        "pare|para|espere|espera|um momento|peraí|não|desculpe|desculpa|com licença|na verdade|stop|olhe"
    ),
    yes_or_no=(
        "sim|não|claro|claro que sim|certo|correto|exato|exatamente|isso|isso mesmo|com certeza|está bem|está certo|"
        "pode ser|tá bom|sim claro|sim por favor|não obrigado|não obrigada|nem por isso|ok|okay|é"
    ),
    closed_question=r"[^.!?]*\?$",
    open_questions=(
        r"qual|quais|quando|quanto|quanta|quantos|quantas|como|onde|quem|por que|porquê|porque|o que|que dia|que horas|"
        r"ou|em que|a que"
    ),
    fragments=(
        "e|ou|mas|porque|que|se|o|a|os|as|um|uma|de|do|da|para|por|com|em|no|na|ao|meu|minha|queria|quero|eu|"
        "eu queria|gostaria de|preciso de|hum+|eh+|então|tipo"
    ),
    moments=Moments(
        whole=listed(
            "espere|espera|espere por favor|espera aí|espere aí|peraí|pera aí|pera|aguarde|aguarde por favor|"
            "aguarde um momento|um momento|um momentinho|momento|um minuto|um minutinho|minuto|um segundo|um segundinho|"
            "segundo|um instante|um instantinho|instante|só um momento|só um minuto|só um minutinho|só um segundo|"
            "só um instante|um bocadinho|só um bocadinho|não desligue|aguarde na linha|fique na linha|já volto|"
            "volto já|volto logo|já venho|pode esperar|pode aguardar|pode esperar um momento|poderia aguardar|"
            "deixa eu ver|deixe-me ver|deixa ver|vamos ver|calma"
        ),
        soft=(
            "eh hum então bom sim ok okay tá certo por favor desculpe desculpa só um momento minuto segundo aí mais "
            "senhor senhora olha olhe oh ah já ainda"
        ),
        clauses=(
            r"estou à procura d[oa] (?:meu|minha)|"
            r"(?:um|só um|mais um|meio) (?:momento|momentinho|minuto|minutinho|segundo|segundinho|instante|instantinho|"
            r"bocadinho|pouquinho)(?: por favor| que| enquanto|$)|(?:me dê|me dá|dê-me|dá-me|dá|preciso de|espere|espera|"
            r"aguarde|aguarda|me dá só) (?:só |aí |mais )*(?:um|uma|uns|dois|cinco|alguns)|não (?:desligue|desliga)|"
            r"(?:fique|aguarde|permaneça|continue|fica) (?:em|na) linha|(?:já|eu já) (?:volto|venho|estou consigo)|"
            r"volto (?:já|logo|em)|(?:deixe-me|deixa eu|deixe eu|me deixa|me deixe|deixa-me) (?:só )?(?:ver|olhar|procurar|"
            r"verificar|consultar|pegar|buscar|pensar|perguntar|achar|conferir)|(?:vou|vou só|preciso só|só preciso|tenho só de) "
            r"(?:só |ir )?(?:ver|olhar|procurar|verificar|consultar|pegar|buscar|pensar|perguntar|conferir|anotar|achar)|"
            r"(?:estou|tô|ainda estou) (?:vendo|olhando|verificando|a ver|a verificar|pensando|a pensar|"
            r"(?:procurando|a procurar|buscando)(?:$| o meu| a minha| o número))|(?:pode|poderia|podia|você pode|se importa de) (?:por favor )?(?:esperar|aguardar)|"
            r"onde (?:está|estão|é que está|eu pus|eu coloquei) (?:o|a|os|as) (?:meu|minha|meus|minhas)"
        ),
        long=(
            r"(?:vou|já|eu) (?:já |te |lhe |o |a )*(?:transferir|passar|ligar|conectar|transfiro|passo)|"
            r"(?:transferi-lo|transferi-la|passar a (?:chamada|ligação))|(?:transferindo|a transferir)|"
            r"(?:fique|aguarde|permaneça) (?:em|na) linha|não desligue|vou (?:chamar|perguntar|buscar) (?:o|a|ao|à|um|uma|"
            r"meu|minha)|em espera|(?:lhe|o|a|te) (?:transfiro|passo|transferir|passar)"
        ),
        minute="um minuto",
        minutes=(
            r"(?P<count>\d{1,2}|um|dois|três|quatro|cinco|seis|sete|oito|nove|dez|quinze|uns|alguns|"
            r"um par de) (?:minutos|minuto|minutinhos|minutinho)"
        ),
        counts={
            "um": 1,
            "dois": 2,
            "três": 3,
            "quatro": 4,
            "cinco": 5,
            "seis": 6,
            "sete": 7,
            "oito": 8,
            "nove": 9,
            "dez": 10,
            "quinze": 15,
            "uns": 3,
            "alguns": 3,
            "um par de": 2,
        },
        not_if=(
            r"quanto|esperando|à espera|esperei|há|faz|errado|por que|porquê|atrasado|a pé|não (?:posso|quero|vou) esperar|"
            r"(?:pode|poderia|podia) me (?:passar|transferir|ligar)|(?:pode|podia|poderia) (?:passar|transferir)-?me|"
            r"neste momento|no momento|não é|não está"
        ),
    ),
    dictation=Dictation(
        digits="zero|um|uma|dois|duas|três|quatro|cinco|seis|meia|sete|oito|nove|dobrado|duplo|triplo",
        numbers=(
            r"dez|onze|doze|treze|catorze|quatorze|quinze|dezess?eis|dezass?eis|dezess?ete|dezass?ete|dezoito|dezenove|"
            r"dezanove|vinte|trinta|quarenta|cinquenta|sessenta|setenta|oitenta|noventa|cem|cento|\w+centos|duzentos|"
            r"trezentos|quinhentos|mil"
        ),
        letters=(
            "bê|cê|dê|efe|gê|guê|agá|jota|cá|capa|ele|éle|eme|éme|ene|éne|pê|quê|erre|rê|esse|tê|vê|dáblio|duplo vê|xis|"
            "ípsilon|ipsilon|zê"
        ),
        like="de|como|como em",
        alphabet=(
            "aveiro|amor|braga|bola|coimbra|casa|dafundo|dado|évora|elefante|faro|faca|guarda|gato|horta|itália|ilha|josé|"
            "kilograma|kilo|lisboa|maria|nazaré|navio|ovar|ovo|porto|pato|queluz|quilo|rossio|rato|setúbal|sapo|tavira|tatu|unidade|uva|"
            "vidago|vaca|waldemar|xavier|xícara|york|zulmira|zebra|alfa|bravo|charlie|delta|eco|foxtrot|golfe|hotel|índia|"
            "julieta|lima|mike|novembro|oscar|papa|quebec|romeu|sierra|tango|uniforme|victor|whisky|yankee|zulu"
        ),
        dates=("janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro|primeiro"),
        joined="traço|hífen|hifen|barra|ponto|mais|espaço|arroba|underline",
        whole_phone=r"(?:[1-9]|um|dois|três|quatro|cinco|seis|meia|sete|oito|nove)\W*(?:<D>\W*){10}$",
        asks_phone=r"telefone|telemóvel|celular|telefónico|telefônico|(?:contatar|contactar|encontrar|ligar|falar com)|contacto|contato",
        asks_code=(
            r"número|numero|código|codigo|dígitos?|pin|iban|conta|referência|reserva|matrícula|placa|pedido|cpf|cnpj|nif|rg|"
            r"protocolo|apólice|cartão|cep|postal|encomenda|documento|cadastro"
        ),
        asks_spelling=r"soletr\w*|letra por letra|e-?mail|correio eletr\w+|se escreve|escreve-se|escreve",
        asks_name=r"nome|sobrenome|apelido|como se chama|com quem (?:falo|estou)",
        asks_address=r"endereço|morada|rua|onde (?:mora|vive|devemos|podemos)|entrega\w*|entregar|residência",
        asks_date=r"data|nascimento|nasceu|aniversário|validade|vencimento",
        asks_amount="quantos|quantas|quanto|que idade|que ano|a que horas|quando",
        asks_story=r"me conte|conte-me|conte|explique|descreva|diga-me o que|(?:o que|que) (?:aconteceu|houve|se passa|se passou)|qual é o problema",
        states="(?:número|código|placa|matrícula|referência|telefone)(?: é)(?: o)?",
        no_answer=(
            "não sei|não tenho|não lembro|não me lembro|não tenho certeza|sem ideia|por que|porquê|qual|posso|pode|poderia|"
            "desculpe|já têm|já tem"
        ),
    ),
)
